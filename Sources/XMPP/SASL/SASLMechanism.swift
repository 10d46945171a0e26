import TLSEngine

/// The SASL mechanisms that can be used, from the weakest to the strongest. EXTERNAL is the strongest because nothing
/// about it can be learned by the other side; a channel binding outweighs the hash, for it excludes whoever sits between
/// the two ends of TLS.
enum SASLMechanism: String, Sendable, CaseIterable, Comparable {
  case plain = "PLAIN"
  case scramSHA1 = "SCRAM-SHA-1"
  case scramSHA256 = "SCRAM-SHA-256"
  case scramSHA512 = "SCRAM-SHA-512"
  case scramSHA1Plus = "SCRAM-SHA-1-PLUS"
  case scramSHA256Plus = "SCRAM-SHA-256-PLUS"
  case scramSHA512Plus = "SCRAM-SHA-512-PLUS"
  case external = "EXTERNAL"

  static func < (left: Self, right: Self) -> Bool {
    left.strength < right.strength
  }

  /// The hash of a SCRAM mechanism.
  var digest: Digest? {
    switch self {
    case .plain, .external: nil
    case .scramSHA1, .scramSHA1Plus: .sha1
    case .scramSHA256, .scramSHA256Plus: .sha256
    case .scramSHA512, .scramSHA512Plus: .sha512
    }
  }

  /// Whether the login is tied to the TLS connection.
  var bindsChannel: Bool {
    switch self {
    case .scramSHA1Plus, .scramSHA256Plus, .scramSHA512Plus: true
    case .plain, .scramSHA1, .scramSHA256, .scramSHA512, .external: false
    }
  }

  /// The same without a channel binding.
  var withoutChannelBinding: Self {
    switch self {
    case .scramSHA1Plus: .scramSHA1
    case .scramSHA256Plus: .scramSHA256
    case .scramSHA512Plus: .scramSHA512
    case .plain, .scramSHA1, .scramSHA256, .scramSHA512, .external: self
    }
  }

  private var strength: Int {
    switch self {
    case .plain: 0
    case .scramSHA1: 1
    case .scramSHA256: 2
    case .scramSHA512: 3
    case .scramSHA1Plus: 4
    case .scramSHA256Plus: 5
    case .scramSHA512Plus: 6
    case .external: 7
    }
  }
}
