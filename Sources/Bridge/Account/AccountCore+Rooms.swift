import Delivery
import Journal
import MQTT
import Mapping
import XMLStream
import XMPP

/// The account in its rooms (XEP-0045): it enters them when a session is whole, stays in them over a resumption, comes
/// back when it was put out by accident, and looks now and then whether it is still there (XEP-0410).
extension AccountCore {
  /// A room that was silent for so long is asked whether we are still in it.
  private static var silence: Duration { .seconds(600) }
  /// So long a room may take to let us in.
  private static var entryPatience: Duration { .seconds(30) }

  /// The session is whole: rooms are entered, and archives read on where an earlier process was still at it.
  mutating func enterRooms(now: Duration, wallClock: Int64) {
    for room in rooms.addresses {
      if rooms[room]?.isJoined == true {
        stayed(in: room, now: now, wallClock: wallClock)
      } else {
        enter(room, now: now, wallClock: wallClock)
      }
    }
  }

  /// A stream that goes on is still in rooms that the configuration does not name any more.
  mutating func leaveFormerRooms() {
    guard record.stream != nil else { return }
    for occupant in rooms.former { outbound.accept(control: MultiUserChat.leave(occupant)) }
  }

  private mutating func stayed(in room: JID, now: Duration, wallClock: Int64) {
    pingLater(room, now: now)
    begin(with: .room(room), now: now, wallClock: wallClock)
  }

  private mutating func pingLater(_ room: JID, now: Duration) {
    guard let attempt = rooms[room]?.attempt else { return }
    requests.postpone(.room(room, .pingLater(attempt)), id: ids.next(), for: Self.silence, now: now)
  }

  private mutating func enter(_ room: JID, now: Duration, wallClock: Int64) {
    rooms[room]?.begin(wallClock: wallClock)
    ask(.room(room, .info), of: room, now: now) { DiscoInfo.request(id: $0, to: room) }
  }

  private mutating func sendPresence(to room: JID, now: Duration) {
    guard let entry = rooms[room], let occupant = entry.occupant else { return }
    rooms[room]?.stage = .entering
    outbound.accept(
      control: MultiUserChat.join(occupant, password: entry.password, history: entry.history))
    requests.postpone(.room(room, .entry(entry.attempt)), id: ids.next(), for: Self.entryPatience, now: now)
  }

  // MARK: Answers

  /// A room, or its service, has answered.
  mutating func answered(_ request: RoomRequest, of room: JID, _ iq: IQ, now: Duration, wallClock: Int64) {
    let error = StanzaError(of: iq.element)
    switch request {
    case .info:
      guard rooms[room]?.stage == .asking else { return }
      if let info = DiscoInfo(result: iq) {
        rooms[room]?.told(info)
      } else if let error, error.isUnreachable {
        return failed(room, "\(error)", .soon, now: now, wallClock: wallClock)
      }
      // A room that is not there is made by entering it.
      sendPresence(to: room, now: now)
    case .newInfo:
      if let info = DiscoInfo(result: iq) { rooms[room]?.told(info) }
      made(room, now: now, wallClock: wallClock)
    case .defaults:
      if let error { report(.warning, "room-not-made", "\(room) cannot be made with its defaults: \(error)") }
      ask(.room(room, .newInfo), of: room, now: now) { DiscoInfo.request(id: $0, to: room) }
    case .ping:
      guard rooms[room]?.isJoined == true else { return }
      guard let error, error.meansAbsence else { return pingLater(room, now: now) }
      lost(room, "the room had forgotten us", .soon, now: now, wallClock: wallClock)
    case .entry, .retry, .pingLater: break
    }
  }

  /// Time is up for a request, or for a wait.
  mutating func unanswered(_ request: RoomRequest, of room: JID, now: Duration, wallClock: Int64) {
    guard let entry = rooms[room] else { return }
    switch request {
    case .info: failed(room, "no answer", .soon, now: now, wallClock: wallClock)
    case .entry(let attempt) where entry.stage == .entering && entry.attempt == attempt:
      failed(room, "no answer", .soon, now: now, wallClock: wallClock)
    case .retry where entry.stage == .resting: enter(room, now: now, wallClock: wallClock)
    case .pingLater(let attempt) where entry.isJoined && entry.attempt == attempt: look(after: room, now: now)
    case .ping where entry.isJoined: pingLater(room, now: now)
    case .newInfo, .defaults: made(room, now: now, wallClock: wallClock)
    case .entry, .retry, .ping, .pingLater: break
    }
  }

  /// Asks a silent room whether we are still in it; one that talks would have said so.
  private mutating func look(after room: JID, now: Duration) {
    guard let entry = rooms[room], !entry.wasHeard, let occupant = entry.occupant else {
      rooms[room]?.wasHeard = false
      return pingLater(room, now: now)
    }
    ask(.room(room, .ping), of: occupant, now: now) { Ping.request(id: $0, to: occupant) }
  }

  // MARK: Presence

  /// A presence from a room's address.
  mutating func roomPresence(_ stanza: XMLElement, of room: JID, now: Duration, wallClock: Int64) {
    if stanza.attribute("type") == "error" {
      return refused(room, StanzaError(of: stanza) ?? StanzaError(.undefinedCondition), now: now, wallClock: wallClock)
    }
    guard let presence = MultiUserChat.OccupantPresence(stanza) else { return }
    switch rooms[room]?.took(presence, wallClock: wallClock) {
    case .entered: entered(room, now: now, wallClock: wallClock)
    case .made: ask(.room(room, .defaults), of: room, now: now) { MultiUserChat.acceptDefaults(of: room, id: $0) }
    case .left(let reason, let comeback): lost(room, reason, comeback, now: now, wallClock: wallClock)
    case nil, .some(.none): break
    }
  }

  /// A new room is there for everybody, or as much of it as can be had.
  private mutating func made(_ room: JID, now: Duration, wallClock: Int64) {
    guard rooms[room]?.stage == .making else { return }
    report(.notice, "room-made", "\(room) was not there and has been made, as its service makes them")
    rooms[room]?.settle(wallClock: wallClock)
    entered(room, now: now, wallClock: wallClock)
  }

  private mutating func entered(_ room: JID, now: Duration, wallClock: Int64) {
    report(.info, "room-joined", "in \(room) as \(rooms[room]?.record.state.nick ?? "")")
    if !mayTalk(room) {
      report(.warning, "not-allowed", "\(room) is not in allow: what is said there is not published")
    }
    stayed(in: room, now: now, wallClock: wallClock)
  }

  /// The room does not let us in.
  private mutating func refused(_ room: JID, _ error: StanzaError, now: Duration, wallClock: Int64) {
    guard rooms[room]?.stage == .entering else { return }
    if error.condition == .conflict, rooms[room]?.tryOtherNick() == true { return sendPresence(to: room, now: now) }
    failed(room, "\(error)", error.kind == .wait || error.isUnreachable ? .soon : .late, now: now, wallClock: wallClock)
  }

  private mutating func failed(
    _ room: JID, _ reason: String, _ comeback: Room.Return, now: Duration, wallClock: Int64
  ) {
    report(.warning, "room-refused", "\(room) cannot be entered: \(reason)")
    retreat(from: room, reason, comeback, now: now, wallClock: wallClock)
  }

  /// We are not in the room any more.
  mutating func lost(_ room: JID, _ reason: String, _ comeback: Room.Return, now: Duration, wallClock: Int64) {
    report(.warning, "room-left", "not in \(room) any more: \(reason)")
    retreat(from: room, reason, comeback, now: now, wallClock: wallClock)
  }

  private mutating func retreat(
    from room: JID, _ reason: String, _ comeback: Room.Return, now: Duration, wallClock: Int64
  ) {
    if let rest = rooms[room]?.failed(reason, comeback, wallClock: wallClock) {
      requests.postpone(.room(room, .retry), id: ids.next(), for: rest, now: now)
    }
    // What waited behind its archive is owed, and nothing else waits for it.
    takeWaiting(now: now, wallClock: wallClock)
  }

  // MARK: Messages

  /// What becomes of a message that somebody said in a room, live or out of its archive.
  mutating func roomEffect(of message: IncomingMessage, from: JID, wallClock: Int64) -> MessageEffect? {
    let jid = from.bare
    guard let room = rooms[jid] else { return nil }
    rooms[jid]?.wasHeard = true
    if let subject = MultiUserChat.subject(in: message.stanza) {
      guard message.archivedAt == nil else { return nil }
      let time = DelayedDelivery.stamp(of: message.stanza) ?? wallClock
      rooms[jid]?.took(RoomSubject(subject: subject, from: from, time: time))
      return nil
    }
    guard !isLeftToArchive(message), isNewInRoom(message, room: jid, nick: from.resourcepart) else { return nil }
    if message.archivedAt == nil {
      if let id = message.archiveID { rooms[jid]?.record.archive.passed(.init(id: id, time: wallClock)) }
      rooms[jid]?.heard(wallClock: wallClock)
    }
    guard mayTalk(jid),
      var event = event(of: message, from: from, wallClock: wallClock)
    else { return nil }
    event.nick = from.resourcepart
    event.isOwn = room.wasOurs(from.resourcepart)
    // A slash is in no contact's level.
    number(&event, "room/" + TopicLevel.encode(jid))
    return MessageEffect(publish: settings.publish(of: event, on: settings.topics.room(jid)))
  }

  /// Whether it was not taken in before. A room without an archive tells its history when it is entered: what was heard
  /// live is known by its sender and id, if it has one.
  private mutating func isNewInRoom(_ message: IncomingMessage, room: JID, nick: String?) -> Bool {
    if let id = message.archiveID { return seen.insert(SeenMessages.key(archiveID: id, of: room)) }
    guard let nick, let id = message.stanza.attribute("id") else { return true }
    let isNew = seen.insert(SeenMessages.key(room: room, nick: nick, id: id))
    return isNew || DelayedDelivery.stamp(of: message.stanza) == nil
  }
}

extension StanzaError {
  /// Whether the room's service could not be reached.
  fileprivate var isUnreachable: Bool {
    switch condition {
    case .remoteServerNotFound, .remoteServerTimeout: true
    default: false
    }
  }

  /// Whether this answer to a ping through a room says that we are not in it (XEP-0410 §3.2): others come from a room
  /// that we are in, or from nobody who could know.
  fileprivate var meansAbsence: Bool {
    switch condition {
    case .serviceUnavailable, .featureNotImplemented: false
    default: !isUnreachable
    }
  }
}
