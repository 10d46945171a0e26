import XMPP

/// Whether we are in a room, as `E/room/J/state` tells it.
public struct RoomState: Sendable, Hashable {
  /// How things stand.
  public enum State: String, Sendable, Hashable {
    /// We are in it.
    case joined
    /// We have asked to be let in, or shall ask as soon as there is a session.
    case joining
    /// We are not in it, and do not ask.
    case left
  }

  /// How things stand.
  public var state: State
  /// Our nickname in the room, or the one that we ask for.
  public var nick: String
  /// Since when, in milliseconds since 1970.
  public var since: Int64
  /// Why, if we are not in it.
  public var reason: String?

  /// A state.
  public init(_ state: State, nick: String, since: Int64, reason: String? = nil) {
    self.state = state
    self.nick = nick
    self.since = since
    self.reason = reason
  }

  /// The object of the contract.
  public var json: [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("state", state.rawValue)
    writer.member("nick", nick)
    writer.member("since", Timestamp.rfc3339(since))
    writer.member("reason", reason)
    writer.endObject()
    return writer.bytes
  }
}
