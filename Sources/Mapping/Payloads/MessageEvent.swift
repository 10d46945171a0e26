public import XMPP

/// A message that came in, as `E/message/J` tells it.
public struct MessageEvent: Sendable, Hashable {
  /// Counts the messages of a topic, without gaps.
  public var seq: UInt64 = 0
  /// Changes when `seq` may have started again.
  public var epoch: UInt64 = 0
  /// The stanza's id.
  public var id: String?
  /// The sender, with resource if it has one.
  public var from: JID
  /// The recipient.
  public var to: JID?
  /// The stanza's type.
  public var type: MessageType
  /// The text; nil if there is none or it is empty.
  public var body: String?
  /// When it was sent originally, else when it arrived; in milliseconds since 1970.
  public var time: Int64
  /// Whether `time` is the stamp of a delay.
  public var delayed = false
  /// The id in an archive that is trusted (XEP-0359).
  public var stanzaID: String?
  /// The id that the sender's client gave (XEP-0359).
  public var originID: String?
  /// The conversation.
  public var thread: String?
  /// The subject.
  public var subject: String?
  /// The id of the message that this one corrects (XEP-0308).
  public var replaces: String?
  /// The id of the message that this one answers (XEP-0461).
  public var replyTo: String?
  /// Reactions to a message (XEP-0444).
  public var reactions: Reactions?
  /// The id of the message that this one takes back (XEP-0424).
  public var retracts: String?
  /// An attachment (XEP-0066).
  public var url: String?
  /// With what it is encrypted; the body is then at most a note that says so.
  public var encrypted: String?
  /// Whether it is the copy of another client's message.
  public var carbon: MessageCarbons.Direction?
  /// Whether it is the room's reflection of a message of our own.
  public var isOwn = false
  /// The sender's nickname in the room.
  public var nick: String?

  /// A message with nothing but a sender, a type and a time.
  public init(from: JID, to: JID? = nil, type: MessageType = .chat, time: Int64) {
    self.from = from
    self.to = to
    self.type = type
    self.time = time
  }

  /// The object of the contract; what is not there is left out.
  public var json: [UInt8] {
    var writer = JSONWriter(capacity: 320 + (body?.utf8.count ?? 0))
    writer.beginObject()
    writer.member("seq", seq)
    writer.member("epoch", epoch)
    writer.member("id", id)
    writer.member("from", from.description)
    writer.member("to", to?.description)
    writer.member("type", type.rawValue)
    writer.member("body", body)
    writer.member("time", time: time)
    writer.flag("delayed", delayed)
    writer.member("stanza_id", stanzaID)
    writer.member("origin_id", originID)
    writer.member("thread", thread)
    writer.member("subject", subject)
    writer.member("replaces", replaces)
    writer.member("reply_to", replyTo)
    if let reactions {
      writer.name("reactions")
      writer.beginObject()
      writer.member("to", reactions.to)
      writer.member("set", reactions.set)
      writer.endObject()
    }
    writer.member("retracts", retracts)
    writer.member("url", url)
    writer.member("encrypted", encrypted)
    writer.member("carbon", carbon?.rawValue)
    writer.flag("self", isOwn)
    writer.member("nick", nick)
    writer.endObject()
    return writer.bytes
  }
}
