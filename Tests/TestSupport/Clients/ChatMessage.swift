public import XMLStream

/// A message stanza with a body, as a test client received it.
public struct ChatMessage: Sendable, CustomStringConvertible {
  /// Full JID of the sender.
  public let from: String
  /// `chat`, `groupchat`, …; `normal` if the stanza does not say.
  public let type: String
  /// The stanza's id, empty if it has none.
  public let id: String
  /// The text.
  public let body: String
  /// XEP-0203: when it was sent first, if it was delayed.
  public let delay: String?
  /// The whole stanza.
  public let stanza: XMLElement

  /// Nil if the element is no message with a body.
  public init?(_ stanza: XMLElement) {
    guard stanza.name == "message", let body = stanza.child("body", in: stanza.namespace) else { return nil }
    from = stanza.attribute("from") ?? ""
    type = stanza.attribute("type") ?? "normal"
    id = stanza.attribute("id") ?? ""
    self.body = body.text
    delay = stanza.child("delay", in: "urn:xmpp:delay")?.attribute("stamp")
    self.stanza = stanza
  }

  /// For people.
  public var description: String { "\(from): \(body)" }
}
