/// Why a text is no XMPP address (RFC 7622).
public struct JIDError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The part of the address that is at fault.
  public enum Part: String, Hashable, Sendable {
    /// What stands before `@`.
    case localpart
    /// The domain.
    case domainpart
    /// What stands behind the first `/`.
    case resourcepart
  }

  /// What is wrong with that part.
  public enum Reason: Hashable, Sendable {
    /// The part, or a label of the domain, is there but empty (for the domain: absent).
    case empty
    /// More bytes than the limit: 1023 for a part, 63 for the A-label form of a domain label.
    case tooLong(limit: Int)
    /// A character that is not allowed anywhere in this part.
    case forbidden(Unicode.Scalar)
    /// A character that is allowed only beside certain others (RFC 5892, appendix A).
    case outOfContext(Unicode.Scalar)
    /// Left-to-right and right-to-left characters break the Bidi Rule (RFC 5893, section 2).
    case mixedDirections
    /// A domain label that is neither a plain host name label nor a valid internationalised one (IDNA2008).
    case invalidLabel(String)
    /// Brackets without a valid IPv6 address between them.
    case invalidIPv6
    /// The rules, applied again and again, come to no end (RFC 8264, section 7).
    case unstable
  }

  /// The part that is at fault.
  public let part: Part
  /// What is wrong with it.
  public let reason: Reason

  init(_ part: Part, _ reason: Reason) {
    self.part = part
    self.reason = reason
  }

  /// A sentence for people, without a full stop.
  public var description: String {
    switch reason {
    case .empty:
      switch part {
      case .localpart: "there is nothing before the @"
      case .domainpart: "the domain, or a label of it, is missing"
      case .resourcepart: "there is nothing behind the /"
      }
    case .tooLong(limit: DomainName.labelLimit) where part == .domainpart:
      "a label of the domain is longer than \(DomainName.labelLimit) bytes"
    case .tooLong(let limit):
      "the \(part.rawValue) is longer than \(limit) bytes"
    case .forbidden(let scalar):
      "the \(part.rawValue) must not contain \(Self.name(of: scalar))"
    case .outOfContext(let scalar):
      "the \(part.rawValue) has \(Self.name(of: scalar)) in a place where it is not allowed"
    case .mixedDirections:
      "the \(part.rawValue) mixes left-to-right and right-to-left characters in a way that is not allowed"
    case .invalidLabel(let label):
      "\u{201C}\(label)\u{201D} is not a valid label of a domain"
    case .invalidIPv6:
      "there is no valid IPv6 address in the brackets"
    case .unstable:
      "the \(part.rawValue) has no stable normal form"
    }
  }

  private static func name(of scalar: Unicode.Scalar) -> String {
    let digits = String(scalar.value, radix: 16, uppercase: true)
    let code = "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    guard let name = scalar.properties.name ?? scalar.properties.nameAlias else { return code }
    return "\(code) \(name)"
  }
}
