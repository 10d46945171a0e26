public import XMPP

/// Whether an account or component is online, as `E/state` tells it.
public struct EntityState: Sendable, Hashable {
  /// How things stand.
  public enum State: String, Sendable, Hashable {
    /// There is a session and a connection.
    case online
    /// A new session is being made.
    case connecting
    /// The session lives and waits for a connection.
    case resuming
    /// There is none, and none is being made.
    case offline
  }

  /// How things stand.
  public var state: State
  /// Our own address, with the resource once it is known.
  public var jid: JID
  /// Since when, in milliseconds since 1970.
  public var since: Int64
  /// Why, if it is not online.
  public var reason: String?

  /// A state.
  public init(_ state: State, jid: JID, since: Int64, reason: String? = nil) {
    self.state = state
    self.jid = jid
    self.since = since
    self.reason = reason
  }

  /// The object of the contract.
  public var json: [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    write(into: &writer)
    writer.endObject()
    return writer.bytes
  }

  /// Adds its members to an open object.
  public func write(into writer: inout JSONWriter) {
    writer.member("state", state.rawValue)
    writer.member("jid", jid.description)
    writer.member("since", time: since)
    writer.member("reason", reason)
  }
}
