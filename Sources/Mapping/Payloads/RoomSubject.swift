public import XMPP

/// What a room is about, as `E/room/J/subject` tells it.
public struct RoomSubject: Sendable, Hashable {
  /// The subject; empty if the room has none.
  public var subject: String
  /// Who set it: the room with a nickname as its resource, or the room itself.
  public var from: JID
  /// When, in milliseconds since 1970.
  public var time: Int64

  /// A subject.
  public init(subject: String, from: JID, time: Int64) {
    self.subject = subject
    self.from = from
    self.time = time
  }

  /// The object of the contract.
  public var json: [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("subject", subject)
    writer.member("from", from.description)
    writer.member("time", Timestamp.rfc3339(time))
    writer.endObject()
    return writer.bytes
  }
}
