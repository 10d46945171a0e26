/// Input that an XML stream must not contain, or that is larger than we are willing to take.
public struct XMLStreamError: Error, Equatable, CustomStringConvertible {
  /// The stream error condition to send before closing (RFC 6120 §4.9.3); the raw value is the element's name.
  public enum Condition: String, Sendable {
    /// The XML is well-formed but no XMPP: text between stanzas, a stream within the stream.
    case badFormat = "bad-format"
    /// The stream element is in another namespace than `http://etherx.jabber.org/streams`.
    case invalidNamespace = "invalid-namespace"
    /// Not well-formed, or not namespace-well-formed.
    case notWellFormed = "not-well-formed"
    /// A limit was exceeded: depth, size of a stanza or a tag, number of different names.
    case policyViolation = "policy-violation"
    /// A comment, a processing instruction or a document type declaration (RFC 6120 §11.1).
    case restrictedXML = "restricted-xml"
    /// The bytes are no UTF-8.
    case unsupportedEncoding = "unsupported-encoding"
  }

  /// What to tell the peer.
  public let condition: Condition
  /// What to tell people.
  public let reason: String

  /// An error with the condition for the peer and a sentence for people.
  public init(condition: Condition, reason: String) {
    self.condition = condition
    self.reason = reason
  }

  /// For people: `restricted-xml: a comment`.
  public var description: String { "\(condition.rawValue): \(reason)" }
}
