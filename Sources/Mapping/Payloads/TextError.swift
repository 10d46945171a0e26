/// A text that XML 1.0, and so XMPP, cannot carry.
public struct TextError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Which text it is: `body`, `subject`, …
  public let field: String
  /// The first character that is forbidden.
  public let scalar: Unicode.Scalar
  /// Where it stands, in bytes of UTF-8.
  public let offset: Int

  /// A sentence for people, without a full stop.
  public var description: String {
    let digits = String(scalar.value, radix: 16, uppercase: true)
    let code = "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    return "the \(field) has the character \(code) at byte \(offset), which XMPP cannot carry"
  }

  /// The condition under which a status reports it.
  public var condition: String { "bad-request" }
}
