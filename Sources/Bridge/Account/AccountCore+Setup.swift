import Journal
import Mapping
import XMLStream
import XMPP

/// Making a new session whole. A resumed one needs none of this, unless an earlier process was still at it.
extension AccountCore {
  /// A new session begins, or an earlier process left one that is not whole yet.
  mutating func beginSetup(now: Duration) {
    setup = SessionSetup(stage: .asking)
    ask(.roster, now: now) { Roster.request(id: $0) }
    askAccountInfo(now: now)
    ask(.carbons, now: now) { MessageCarbons.enable(id: $0) }
  }

  private mutating func askAccountInfo(now: Duration) {
    let account = settings.jid.bare
    ask(.accountInfo, of: account, now: now) { DiscoInfo.request(id: $0, to: account) }
  }

  /// An earlier process made the session whole.
  mutating func wasSetUp(now: Duration, wallClock: Int64) {
    setup.stage = .done
    tellLimitation()
    enterRooms(now: now, wallClock: wallClock)
  }

  mutating func ask(
    _ request: OwnRequest, of recipient: JID? = nil, now: Duration, _ make: (String) -> [UInt8]
  ) {
    let id = ids.next()
    requests.asked(request, id: id, of: recipient, now: now)
    outbound.accept(control: make(id))
  }

  /// Rows wait until the archive has said what it knows of those that an earlier stream sent.
  var holdsRows: Bool {
    switch setup.stage {
    case .asking: isInDoubt
    case .reading: isInDoubt && setup.archive.stage == .lookingUp
    case .none, .done: false
    }
  }

  // MARK: Answers

  /// An answer to a request of the account's own; other answers mean nothing.
  mutating func answered(_ iq: IQ, now: Duration, wallClock: Int64) {
    guard let request = requests.take(iq, account: settings.jid) else { return }
    switch request {
    case .roster: gotRoster(iq)
    case .accountInfo:
      record.hasArchive = DiscoInfo(result: iq)?.features.contains(MessageArchive.feature) == true
      gotArchiveInfo(wallClock: wallClock)
    case .carbons:
      if let error = StanzaError(of: iq.element) {
        report(.info, "no-carbons", "the server does not copy what other clients send and receive: \(error)")
      }
    case .page(let archive): return gotPage(of: archive, iq, now: now, wallClock: wallClock)
    case .room(let room, let request): return answered(request, of: room, iq, now: now, wallClock: wallClock)
    case .pageAgain: return
    }
    proceed(now: now, wallClock: wallClock)
  }

  /// Requests that nobody has answered are made again. The roster is asked for until it comes, since without it people
  /// would be refused who may talk; the archive is done without in the end.
  mutating func repeatRequests(now: Duration, wallClock: Int64) {
    guard isOnline, requests.isDue(now) else { return }
    for request in requests.expire(now: now) {
      switch request {
      case .roster:
        report(.warning, "no-roster", "the server does not answer the request for the roster, which is made again")
        ask(.roster, now: now) { Roster.request(id: $0) }
      case .accountInfo:
        setup.archive.silences += 1
        guard setup.archive.silences > ArchiveCatchUp.patience else {
          askAccountInfo(now: now)
          continue
        }
        gotArchiveInfo(wallClock: wallClock)
        proceed(now: now, wallClock: wallClock)
      case .page(let archive): pageUnanswered(of: archive, now: now, wallClock: wallClock)
      case .pageAgain(let archive): askPage(of: archive, now: now)
      case .room(let room, let request): unanswered(request, of: room, now: now, wallClock: wallClock)
      case .carbons: break
      }
    }
  }

  private mutating func gotRoster(_ iq: IQ) {
    setup.hasRoster = true
    if iq.kind == .result {
      for operation in roster.replace(with: Roster(result: iq)?.items ?? [], keys: settings.keys) { write(operation) }
    } else {
      let reason = StanzaError(of: iq.element).map { ": \($0)" } ?? ""
      report(.warning, "no-roster", "the server did not give the roster\(reason)")
    }
    openInboundIfReady()
  }

  private mutating func gotArchiveInfo(wallClock: Int64) {
    setup.knowsArchive = true
    isRecordDirty = true
    isCommitUrgent = true
    // An archive that comes later begins with itself: what was published without one is not known by its id.
    if record.hasArchive { record.archive.found(now: wallClock) } else { record.archive = ArchiveCursor() }
    tellLimitation()
  }

  /// What a person should know of a session that is whole.
  mutating func tellLimitation() {
    act(.limitation(record.hasArchive ? nil : Self.noArchive))
  }

  private static var noArchive: String {
    "the server keeps no archive: messages that were under way when a session ended may be missing or come twice"
  }

  // MARK: Stages

  private mutating func proceed(now: Duration, wallClock: Int64) {
    guard setup.stage == .asking, setup.hasRoster, setup.knowsArchive else { return }
    setup.stage = .reading
    begin(with: .account, now: now, wallClock: wallClock)
  }

  /// The account's archive is read: messages come live from here on.
  /// - Parameter isPresent: the server has the presence that makes it deliver.
  mutating func finish(isPresent: Bool, now: Duration, wallClock: Int64) {
    if !isPresent { outbound.accept(control: Presence.available()) }
    setup.stage = .done
    record.isSetUp = true
    isRecordDirty = true
    isCommitUrgent = true
    enterRooms(now: now, wallClock: wallClock)
  }
}
