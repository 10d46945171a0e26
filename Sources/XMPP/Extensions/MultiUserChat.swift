public import XMLStream

/// Multi-User Chat (XEP-0045): rooms, in which everybody hears what anybody says.
public enum MultiUserChat {
  /// What of its history a room shall send on entering (§7.2.14).
  public enum History: Sendable, Hashable {
    /// Nothing.
    case none
    /// What was said then or later, in milliseconds since 1970.
    case since(Int64)
  }

  /// Enters a room (§7.2).
  /// - Parameters:
  ///   - occupant: the room, with the nickname that is wanted as its resource.
  ///   - password: for a room that asks for one (§7.2.5).
  ///   - history: what the room shall send of what was said before.
  public static func join(_ occupant: JID, password: String? = nil, history: History) -> [UInt8] {
    var writer = XMLWriter()
    writer.open("presence", namespace: Namespace.client)
    writer.attribute("to", occupant.description)
    writer.open("x", namespace: Namespace.muc)
    writer.open("history")
    switch history {
    case .none:
      // §7.2.14 demands `maxchars`, but not every service counts characters.
      writer.attribute("maxchars", "0")
      writer.attribute("maxstanzas", "0")
    case .since(let time): writer.attribute("since", Timestamp.rfc3339(time))
    }
    writer.close()
    if let password {
      writer.open("password")
      writer.text(password)
      writer.close()
    }
    writer.close()
    writer.close()
    return writer.bytes
  }

  /// Leaves a room (§7.14).
  /// - Parameter occupant: the room, with our nickname in it as its resource.
  public static func leave(_ occupant: JID) -> [UInt8] {
    Presence.unavailable(to: occupant)
  }

  /// Accepts a room that we created by entering it as it is, which unlocks it for others (§10.1.2).
  public static func acceptDefaults(of room: JID, id: String) -> [UInt8] {
    IQ.request(.set, id: id, to: room.bare) { writer in
      writer.open("query", namespace: Namespace.mucOwner)
      writer.open("x", namespace: Namespace.dataForms)
      writer.attribute("type", "submit")
      writer.close()
      writer.close()
    }
  }

  /// The subject that a message gives to its room: one of type `groupchat` with a `<subject/>`, and with neither a body
  /// nor a thread, for then it would be a message with a title (§7.2.15, §8.1).
  ///
  /// - Returns: an empty text if the room has no subject from now on; nil if the message changes none.
  public static func subject(in message: XMLElement) -> String? {
    guard message.is("message", in: Namespace.client), MessageType(of: message) == .groupchat,
      message.child("body", in: Namespace.client) == nil, message.child("thread", in: Namespace.client) == nil
    else { return nil }
    return message.child("subject", in: Namespace.client)?.text
  }

  /// What an occupant may do while in the room (§5.1).
  public enum Role: String, Sendable, Hashable {
    /// It is not in the room.
    case none
    /// May listen, in a room that is moderated.
    case visitor
    /// May speak.
    case participant
    /// May silence and kick others.
    case moderator
  }

  /// How somebody stands to a room, whether or not in it (§5.2).
  public enum Affiliation: String, Sendable, Hashable {
    /// Not at all.
    case none
    /// Banned.
    case outcast
    /// May enter a room for members only.
    case member
    /// May ban, and make members.
    case admin
    /// May do everything.
    case owner
  }

  /// What a room says of an occupant (§7.2.2 and following): a presence from `room@service/nick`.
  public struct OccupantPresence: Sendable, Hashable {
    /// The room.
    public var room: JID
    /// The occupant's nickname.
    public var nick: String
    /// Whether the occupant is in the room; if not, it has just left.
    public var isAvailable: Bool
    /// Who the occupant really is, if the room shows it.
    public var jid: JID?
    /// What the occupant may do.
    public var role: Role
    /// How the occupant stands to the room.
    public var affiliation: Affiliation
    /// The occupant's availability; nil without a particular one.
    public var show: Presence.Show?
    /// The codes of what else there is to know (§15.6), such as 110 (it is we), 201 (the room is new), 210 (the room
    /// chose another nickname), 301 (banned), 303 (renamed), 307 (kicked).
    public var statuses: Set<Int>
    /// What an occupant that leaves under this nickname is called from now on (§7.6); only with status 303.
    public var newNick: String?
    /// Why the occupant was removed or the room destroyed, in somebody's words; never empty.
    public var reason: String?
    /// Whether the room is no more (§10.9).
    public var isDestroyed: Bool

    /// Whether the occupant is we.
    public var isSelf: Bool { statuses.contains(110) }

    /// Reads a presence; nil unless it is of an occupant: available or unavailable, from an address with a resource.
    ///
    /// Whether the address is that of a room is for the caller to see. What an old service leaves out of the `<x/>`, or
    /// the whole of it, and roles and affiliations that XEP-0045 does not know, are read as none.
    public init?(_ presence: XMLElement) {
      guard presence.is("presence", in: Namespace.client), let type = PresenceType(of: presence),
        type == .available || type == .unavailable,
        let from = presence.attribute("from").flatMap({ try? JID($0) }), let nick = from.resourcepart
      else { return nil }
      room = from.bare
      self.nick = nick
      isAvailable = type == .available
      show =
        isAvailable ? presence.child("show", in: Namespace.client).flatMap { Presence.Show(rawValue: $0.text) } : nil
      let extended = presence.child("x", in: Namespace.mucUser)
      let item = extended?.child("item", in: Namespace.mucUser)
      let destroy = extended?.child("destroy", in: Namespace.mucUser)
      jid = item?.attribute("jid").flatMap { try? JID($0) }
      role = item?.attribute("role").flatMap(Role.init) ?? .none
      affiliation = item?.attribute("affiliation").flatMap(Affiliation.init) ?? .none
      statuses = Set(
        extended?.children.lazy.filter { $0.is("status", in: Namespace.mucUser) }
          .compactMap { $0.attribute("code").flatMap { Int($0) } } ?? [])
      // Normalised, since the next presence comes from it.
      newNick =
        statuses.contains(303)
        ? item?.attribute("nick").flatMap { try? from.with(resource: $0) }?.resourcepart : nil
      reason = [item, destroy].lazy.compactMap { $0?.child("reason", in: Namespace.mucUser)?.text }
        .first { !$0.isEmpty }
      isDestroyed = destroy != nil
    }
  }
}
