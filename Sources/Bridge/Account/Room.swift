import Mapping
import XMPP

/// One room that the account is in, or wants to be in (XEP-0045): what it was told decides what is done next. It counts on
/// being given whatever the room says, in the order of the stream.
struct Room: Sendable {
  enum Stage: Sendable, Equatable {
    /// Nothing is under way: there is no session, or the room does not want us.
    case out
    /// What the room can do is asked for.
    case asking
    /// Our presence is in the room's hands.
    case entering
    /// We are in a room that was not there before, and it is being accepted as it is. What is said meanwhile waits, since it
    /// is not known whether there is an archive.
    case making
    case joined
    /// A while is waited before the next attempt.
    case resting
  }

  /// What a presence means for us.
  enum Change: Sendable, Equatable {
    /// Nothing but another list of occupants, if that.
    case none
    /// We are in.
    case entered
    /// We are in a room that was made by that, and that has to be accepted as it is.
    case made
    /// We are not in any more.
    case left(reason: String, Return)
  }

  /// Whether and when to come back.
  enum Return: Sendable, Equatable {
    /// As soon as the room can be reached again.
    case soon
    /// After minutes: somebody has to change the room, or our standing in it, first.
    case late
    /// With the next session: somebody does not want us here.
    case never
  }

  let jid: JID
  /// The nickname that is wanted.
  let nick: String
  let password: String?
  var record: RoomRecord
  var stage = Stage.out
  /// What is done with the room's archive.
  var archive = ArchiveCatchUp()
  /// Attempts to enter since it last worked.
  private var failures = 0
  /// Why messages to the room fail; nil while there is hope that it will take them soon.
  private(set) var refusal: String?
  /// Attempts of this session: an answer to an earlier one comes late.
  private(set) var attempt: UInt64 = 0
  /// Something was heard from the room since it was last asked whether we are in it.
  var wasHeard = false

  /// The journal does not have the record as it is.
  var isDirty = false
  /// Retained topics that have a new value.
  var changes: Set<Topic> = []

  enum Topic: Sendable, Hashable, CaseIterable {
    case state, subject, occupants
  }

  init(jid: JID, nick: String, password: String?, record: RoomRecord) {
    self.jid = jid
    self.nick = nick
    self.password = password
    self.record = record
  }

  var isJoined: Bool { stage == .joined }

  /// The room takes us for one of its occupants.
  private var isIn: Bool { stage == .joined || stage == .making }

  /// Live messages wait, since others may come before them.
  var holdsMessages: Bool { stage == .making || archive.stage == .closing }

  /// Our own place in the room, as it is or is asked for.
  var occupant: JID? { try? JID(localpart: jid.localpart, domainpart: jid.domainpart, resourcepart: record.state.nick) }

  /// Whether we said what somebody of this nickname said.
  func wasOurs(_ nick: String?) -> Bool { nick.map { record.nicks.contains($0) } ?? false }

  /// Takes up what an earlier process left.
  /// - Parameter isResumable: its stream may go on, and with it our place in the room.
  mutating func found(isResumable: Bool, wallClock: Int64) {
    if isResumable, record.state.state == .joined { stage = .joined } else { sessionEnded(wallClock: wallClock) }
    changes = [.state, .occupants]
    if record.subject != nil { changes.insert(.subject) }
  }

  // MARK: Entering

  /// An attempt begins.
  mutating func begin(wallClock: Int64) {
    stage = .asking
    attempt += 1
    record.state.nick = nick
    record.occupants = [:]
    tell(.joining, wallClock: wallClock)
  }

  /// The room told what it can do.
  mutating func told(_ info: DiscoInfo) {
    record.hasArchive = info.features.contains(MessageArchive.feature) && info.features.contains(StableIDs.feature)
    // An archive that comes later begins with itself.
    if !record.hasArchive { record.archive = ArchiveCursor() }
    isDirty = true
  }

  /// Messages may go both ways.
  mutating func settle(wallClock: Int64) {
    stage = .joined
    failures = 0
    refusal = nil
    record.archive.sessionBegan()
    // What was said before we first came in is nobody's debt.
    if record.hasArchive { record.archive.found(now: wallClock) }
    tell(.joined, wallClock: wallClock)
    changes.insert(.occupants)
  }

  /// What to ask the room for on entering: what the archive has is read there.
  var history: MultiUserChat.History {
    guard !record.hasArchive, let last = record.lastMessage else { return .none }
    return .since(last - Self.overlap)
  }

  /// Clocks differ by so much, in milliseconds.
  private static let overlap: Int64 = 60_000

  /// Somebody else has the nickname. Returns whether to ask for another one.
  mutating func tryOtherNick() -> Bool {
    guard stage == .entering, record.state.nick.utf8.count < nick.utf8.count + Self.otherNicks else { return false }
    record.state.nick += "_"
    return true
  }

  private static let otherNicks = 3

  /// It did not work.
  /// - Returns: after how long to try again; nil: not in this session.
  mutating func failed(_ reason: String, _ comeback: Return, wallClock: Int64) -> Duration? {
    failures += 1
    archive = ArchiveCatchUp()
    refusal = comeback == .soon && failures <= Self.hopefulFailures ? nil : reason
    record.occupants = [:]
    changes.insert(.occupants)
    tell(.left, reason: reason, wallClock: wallClock)
    stage = comeback == .never ? .out : .resting
    return switch comeback {
    case .soon: min(Self.rest * (1 << min(failures - 1, 10)), Self.longRest)
    case .late: Self.longRest
    case .never: nil
    }
  }

  private static let rest = Duration.seconds(5)
  private static let longRest = Duration.seconds(600)
  private static let hopefulFailures = 2

  /// The session is gone, and we are in no room.
  mutating func sessionEnded(wallClock: Int64) {
    stage = .out
    failures = 0
    refusal = nil
    archive = ArchiveCatchUp()
    guard record.state.state != .left else { return }
    record.occupants = [:]
    changes.insert(.occupants)
    tell(.left, reason: "the session ended", wallClock: wallClock)
  }

  // MARK: What the room says

  /// A presence of somebody in the room.
  mutating func took(_ presence: MultiUserChat.OccupantPresence, wallClock: Int64) -> Change {
    wasHeard = true
    let isOurs = presence.isSelf || (isIn && presence.nick == record.state.nick)
    guard presence.isAvailable else { return departed(presence, isOurs: isOurs) }
    set(
      RoomOccupant(
        nick: presence.nick, jid: presence.jid, role: presence.role, affiliation: presence.affiliation,
        show: presence.show), of: presence.nick)
    guard isOurs, stage == .entering else { return .none }
    record.took(nick: presence.nick)
    guard !presence.statuses.contains(201) else {
      stage = .making
      return .made
    }
    settle(wallClock: wallClock)
    return .entered
  }

  private mutating func departed(_ presence: MultiUserChat.OccupantPresence, isOurs: Bool) -> Change {
    set(nil, of: presence.nick)
    if let nick = presence.newNick, presence.statuses.contains(303) {
      if isOurs, isIn {
        record.took(nick: nick)
        changes.insert(.state)
      }
      return .none
    }
    guard isOurs, isIn else { return .none }
    let (reason, comeback) = Self.reason(of: presence)
    return .left(reason: presence.reason.map { "\(reason): \($0)" } ?? reason, comeback)
  }

  private static func reason(of presence: MultiUserChat.OccupantPresence) -> (String, Return) {
    if presence.isDestroyed { return ("the room was destroyed", .late) }
    if presence.statuses.contains(301) { return ("banned", .never) }
    // 333 beside 307: the service removes somebody it could not reach.
    if presence.statuses.contains(333) { return ("removed after an error", .soon) }
    if presence.statuses.contains(307) { return ("kicked", .never) }
    if presence.statuses.contains(321) || presence.statuses.contains(322) { return ("no member any more", .late) }
    if presence.statuses.contains(332) { return ("the service shuts down", .soon) }
    return ("removed", .soon)
  }

  private mutating func set(_ occupant: RoomOccupant?, of nick: String) {
    guard record.occupants[nick] != occupant else { return }
    record.occupants[nick] = occupant
    // While we enter, they come one by one.
    if isJoined { changes.insert(.occupants) }
  }

  /// The room has another subject, or told the one that it has.
  mutating func took(_ subject: RoomSubject) {
    guard record.subject != subject else { return }
    record.subject = subject
    isDirty = true
    changes.insert(.subject)
  }

  /// A message came live.
  mutating func heard(wallClock: Int64) {
    if !record.hasArchive { record.lastMessage = wallClock }
    isDirty = true
  }

  private mutating func tell(_ state: RoomState.State, reason: String? = nil, wallClock: Int64) {
    let since = state == record.state.state ? record.state.since : wallClock
    record.state = RoomState(state, nick: record.state.nick, since: since, reason: reason)
    isDirty = true
    changes.insert(.state)
  }
}

/// What is asked of a room, or awaited from it.
enum RoomRequest: Sendable, Equatable {
  /// What it can do (XEP-0030), before it is entered.
  case info
  /// The same of a room that was made by entering it.
  case newInfo
  /// That it takes us in, in this attempt.
  case entry(UInt64)
  /// That a new room is what the defaults say.
  case defaults
  /// Nothing yet: the time until the next attempt.
  case retry
  /// Whether we are still in it (XEP-0410).
  case ping
  /// Nothing yet: the time until it is asked that, if we have not left and come back meanwhile.
  case pingLater(UInt64)
}
