public import XMPP

/// A room (XEP-0045) that an account is in.
public struct RoomConfiguration: Sendable, Equatable {
  /// `jid`: has a localpart and no resource.
  public var jid: JID
  /// `nick`: our name in the room, in the normal form of a resource; the account's localpart unless given.
  public var nick: String
  /// `password`, `password_file` or `password_env`: for a room that asks for one; text that XML can carry.
  public var password: Secret?

  /// A room.
  public init(jid: JID, nick: String, password: Secret? = nil) {
    self.jid = jid
    self.nick = nick
    self.password = password
  }
}
