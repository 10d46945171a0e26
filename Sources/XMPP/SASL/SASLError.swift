/// Why a login was given up on this side. Each case reads as a sentence for an operator; none holds a secret.
public enum SASLError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Nothing that the server offers can be used with these credentials on this link.
  case noMechanism(offered: [String], reason: String)
  /// The offer is weaker than one known to be the server's: somebody in between may have changed it.
  case downgraded(String)
  /// Username or password cannot be sent by this mechanism.
  case unusableCredentials(String)
  /// The server's part of the exchange is not what the mechanism's specification allows.
  case malformed(String)
  /// The server's iteration count is outside of what is safe, or reasonable.
  case iterations(String)
  /// The server says why it refuses (`e=` of RFC 5802 §7).
  case refused(String)
  /// The server did not prove that it knows the password.
  case serverNotAuthentic(String)

  /// The sentence.
  public var description: String {
    switch self {
    case .noMechanism(let offered, let reason):
      "no usable SASL mechanism: \(reason); the server offers \(Self.list(offered))"
    case .downgraded(let text): "possible downgrade attack: \(text)"
    case .unusableCredentials(let text): text
    case .malformed(let text): "the server's SASL message is malformed: \(text)"
    case .iterations(let count):
      "the server asks for \(count) iterations; \(SCRAM.iterations.lowerBound) to \(SCRAM.iterations.upperBound) are accepted"
    case .refused(let value): "the server refused the login: \(value)"
    case .serverNotAuthentic(let text): "the server did not prove its identity: \(text)"
    }
  }

  /// Names that a server gave, for a sentence: a few, and only of what names are made of.
  static func list(_ names: [String]) -> String {
    let shown = names.prefix(20).map { String($0.unicodeScalars.filter { ("!"..."~").contains($0) }.prefix(40)) }
    return shown.isEmpty ? "none" : shown.joined(separator: " ")
  }
}
