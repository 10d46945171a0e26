public import XMPP

/// Somebody in a room, as `E/room/J/occupants` lists them.
public struct RoomOccupant: Sendable, Hashable {
  /// The nickname, which nobody else in the room has.
  public var nick: String
  /// Who it really is, if the room shows it.
  public var jid: JID?
  /// What the occupant may do.
  public var role: MultiUserChat.Role
  /// How the occupant stands to the room.
  public var affiliation: MultiUserChat.Affiliation
  /// The availability; without a particular one the occupant is `online`.
  public var show: Presence.Show?

  /// An occupant.
  public init(
    nick: String, jid: JID? = nil, role: MultiUserChat.Role, affiliation: MultiUserChat.Affiliation,
    show: Presence.Show? = nil
  ) {
    self.nick = nick
    self.jid = jid
    self.role = role
    self.affiliation = affiliation
    self.show = show
  }

  /// The array of the contract. It is in the order of the nicknames' bytes, so that the same occupants are the same
  /// bytes, in whatever order they came.
  public static func json(_ occupants: [RoomOccupant]) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginArray()
    for occupant in occupants.sorted(by: { $0.nick.utf8.lexicographicallyPrecedes($1.nick.utf8) }) {
      writer.beginObject()
      writer.member("nick", occupant.nick)
      writer.member("jid", occupant.jid?.description)
      writer.member("role", occupant.role.rawValue)
      writer.member("affiliation", occupant.affiliation.rawValue)
      writer.member("show", occupant.show?.rawValue ?? "online")
      writer.endObject()
    }
    writer.endArray()
    return writer.bytes
  }
}
