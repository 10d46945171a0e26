import XMLStream
public import XMPP

/// A message to be sent.
public struct OutboundMessage: Sendable, Hashable {
  /// Whom it goes to, with a resource if one client alone is meant.
  public var to: JID
  /// The sender; nil for the account itself, whose server fills it in.
  public var from: JID?
  /// The stanza's id, under which its fate is told.
  public var id: String
  /// The stanza's type.
  public var type: MessageType
  /// The text.
  public var body: String?
  /// The subject.
  public var subject: String?
  /// The conversation.
  public var thread: String?
  /// The language of body and subject (BCP 47).
  public var language: String?
  /// The id of a message that somebody on the MQTT side has seen (XEP-0333).
  public var displayed: String?

  /// A message; all texts must be such as XML can carry.
  public init(
    to: JID, from: JID? = nil, id: String, type: MessageType = .chat, body: String? = nil, subject: String? = nil,
    thread: String? = nil, language: String? = nil, displayed: String? = nil
  ) {
    self.to = to
    self.from = from
    self.id = id
    self.type = type
    self.body = body
    self.subject = subject
    self.thread = thread
    self.language = language
    self.displayed = displayed
  }

  /// What an envelope asks for.
  ///
  /// - Parameter generatedID: the id where the envelope has none.
  public init(_ envelope: MessageEnvelope, to recipient: JID, generatedID: @autoclosure () -> String) {
    self.init(
      to: recipient, id: envelope.id ?? generatedID(), type: envelope.type, body: envelope.body,
      subject: envelope.subject, thread: envelope.thread, displayed: envelope.displayed)
  }

  /// Whether the recipient is asked to say that it has the message and that it was seen: for whatever a person reads.
  private var asksForReceipts: Bool { body != nil && (type == .chat || type == .normal) }

  /// The stanza's bytes. The id stands in `<origin-id/>` too (XEP-0359), so that archives show it even where a server
  /// puts another id into the stanza.
  public var stanza: [UInt8] {
    var writer = XMLWriter()
    writer.open("message", namespace: Namespace.client)
    if let from { writer.attribute("from", from.description) }
    writer.attribute("to", to.description)
    writer.attribute("type", type.rawValue)
    writer.attribute("id", id)
    if let language { writer.attribute("lang", language, namespace: XMLNamespace.xml) }
    for (name, text) in [("subject", subject), ("body", body), ("thread", thread)] {
      guard let text else { continue }
      writer.open(name, namespace: Namespace.client)
      writer.text(text)
      writer.close()
    }
    writer.open("origin-id", namespace: Namespace.stableIDs)
    writer.attribute("id", id)
    writer.close()
    if asksForReceipts {
      MessageReceipts.writeRequest(into: &writer)
      ChatMarkers.writeMarkable(into: &writer)
    }
    if let displayed { ChatMarkers.write(.displayed, id: displayed, into: &writer) }
    writer.close()
    return writer.bytes
  }
}
