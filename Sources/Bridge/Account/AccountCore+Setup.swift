import Journal
import Mapping
import XMLStream
import XMPP

/// Making a new session whole. A resumed one needs none of this.
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
  mutating func wasSetUp() {
    setup.stage = .done
    tellLimitation()
  }

  private mutating func ask(
    _ request: OwnRequest, of recipient: JID? = nil, now: Duration, _ make: (String) -> [UInt8]
  ) {
    let id = ids.next()
    requests.asked(request, id: id, of: recipient, now: now)
    outbound.accept(control: make(id))
  }

  /// Rows wait until the archive has said what it knows of those that an earlier stream sent.
  var holdsRows: Bool {
    switch setup.stage {
    case .asking, .lookingUp: record.sentBefore > record.numbered
    case .none, .catchingUp, .closing, .done: false
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
    case .page:
      if let end = MessageArchive.End(iq) {
        switch setup.reading?.ended(end) {
        case .page: return askPage(now: now)
        case .again: return askPageLater(now: now)
        case .nothing, nil: break
        }
      } else {
        let error = StanzaError(of: iq.element) ?? StanzaError(.undefinedCondition)
        if setup.reading?.refused(error) == true {
          report(.notice, "archive-forgot", "the archive does not know the last message any more and is read by time")
          return askPage(now: now)
        }
        if setup.reading?.failed(error) == true {
          return askPageLater(now: now)
        }
        return unreadable("\(error)", now: now, wallClock: wallClock)
      }
      return readingEnded(now: now, wallClock: wallClock)
    case .pageAgain: break
    }
    proceed(now: now, wallClock: wallClock)
  }

  /// Requests that nobody has answered are made again. The roster is asked for until it comes, since without it people
  /// would be refused who may talk; the archive is done without in the end.
  mutating func repeatRequests(now: Duration, wallClock: Int64) {
    guard isOnline else { return }
    for request in requests.expire(now: now) {
      if request != .pageAgain { setup.silences += 1 }
      let isGivenUp = setup.silences > Self.patience
      switch request {
      case .roster:
        report(.warning, "no-roster", "the server does not answer the request for the roster, which is made again")
        ask(.roster, now: now) { Roster.request(id: $0) }
      case .accountInfo where !isGivenUp: askAccountInfo(now: now)
      case .accountInfo:
        gotArchiveInfo(wallClock: wallClock)
        proceed(now: now, wallClock: wallClock)
      case .page where !isGivenUp: askPage(now: now)
      case .page: unreadable("no answer", now: now, wallClock: wallClock)
      case .pageAgain: askPage(now: now)
      case .carbons: break
      }
    }
  }

  /// So many requests of a session may go without an answer before the archive is done without.
  private static var patience: Int { 3 }

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

  /// What was to be read stays owed until the next session; nothing waits for it.
  private mutating func unreadable(_ reason: String, now: Duration, wallClock: Int64) {
    let limitation = "the archive cannot be read: \(reason)"
    report(.warning, "archive-unreadable", limitation)
    act(.limitation(limitation))
    setup.reading = nil
    finish(now: now, wallClock: wallClock)
  }

  // MARK: Stages

  private mutating func proceed(now: Duration, wallClock: Int64) {
    guard setup.stage == .asking, setup.hasRoster, setup.knowsArchive else { return }
    guard record.hasArchive, record.sentBefore > record.numbered else {
      return catchUp(now: now, wallClock: wallClock)
    }
    setup.stage = .lookingUp
    read(from: .time(record.doubtSince ?? wallClock), now: now)
  }

  private mutating func catchUp(now: Duration, wallClock: Int64) {
    guard record.hasArchive, record.archive.isOwed else {
      return finish(now: now, wallClock: wallClock)
    }
    setup.stage = .catchingUp
    readOn(now: now)
  }

  /// From where the archive has been read to.
  private mutating func readOn(now: Duration) {
    read(from: record.archive.point.map { .after($0) } ?? .time(record.archive.since ?? 0), now: now)
  }

  private mutating func read(from start: ArchiveReading.Start, now: Duration) {
    setup.reading = ArchiveReading(query: ids.next(), from: start)
    askPage(now: now)
  }

  private mutating func askPage(now: Duration) {
    guard let reading = setup.reading else { return }
    ask(.page, now: now) { reading.request(id: $0) }
  }

  /// A page that failed is left alone for a second.
  private mutating func askPageLater(now: Duration) {
    requests.postpone(.pageAgain, id: ids.next(), for: .seconds(1), now: now)
  }

  private mutating func readingEnded(now: Duration, wallClock: Int64) {
    let reading = setup.reading
    setup.reading = nil
    switch setup.stage {
    case .lookingUp:
      catchUp(now: now, wallClock: wallClock)
    case .catchingUp:
      if let count = reading?.count, count > 0 {
        report(.notice, "caught-up", "\(count) messages of the archive were read")
      }
      setup.stage = .closing
      outbound.accept(control: Presence.available())
      readOn(now: now)
    case .closing:
      record.archive.caughtUp()
      finish(now: now, wallClock: wallClock)
    case .none, .asking, .done: break
    }
  }

  /// Messages come live from here on.
  private mutating func finish(now: Duration, wallClock: Int64) {
    if setup.stage != .closing { outbound.accept(control: Presence.available()) }
    setup.stage = .done
    record.isSetUp = true
    isRecordDirty = true
    isCommitUrgent = true
    takeWaiting(now: now, wallClock: wallClock)
  }

  // MARK: Results

  /// A message out of the archive. Only the account's own archive is asked, and only an open reading gets results; those of
  /// a reading that an earlier process began come again.
  mutating func archived(
    _ result: MessageArchive.Result, from: JID, wallClock: Int64
  ) -> IncomingMessage? {
    guard from == settings.jid.bare else {
      report(
        .warning, "forged-archive", "somebody but the account itself sent a result of its archive, which was ignored")
      return nil
    }
    guard let reading = setup.reading, reading.answers(result) else { return nil }
    setup.reading?.took(result)
    let message = result.forwarded.message
    guard setup.stage != .lookingUp else {
      noteFound(message)
      return nil
    }
    let time = result.forwarded.time ?? wallClock
    record.archive.read(.init(id: result.id, time: time))
    if (reading.count + 1).isMultiple(of: Self.progressStep) {
      let total = reading.total.map { " of about \($0)" } ?? ""
      report(
        .info, "catching-up",
        "\(reading.count + 1)\(total) messages of the archive were read, up to \(Timestamp.rfc3339(time))")
    }
    return IncomingMessage(
      stanza: message, archiveID: result.id, archivedAt: time, carbon: direction(of: message))
  }

  private static var progressStep: Int { 1_000 }

  private mutating func noteFound(_ message: XMLElement) {
    guard let from = message.attribute("from").flatMap({ try? JID($0) }), from.isSameBare(as: settings.jid),
      let to = message.attribute("to").flatMap({ try? JID($0) }),
      let id = StableIDs.originID(of: message) ?? message.attribute("id")
    else { return }
    setup.found.insert(MessageMemory.key(id: id, statusTopic: settings.topics.messageStatus(of: to)))
  }

  /// Whether an archived message was another client's affair, which live would have come as a carbon.
  private func direction(of message: XMLElement) -> MessageCarbons.Direction? {
    if let from = message.attribute("from").flatMap({ try? JID($0) }), from.isSameBare(as: settings.jid) {
      return .sent
    }
    guard let to = message.attribute("to").flatMap({ try? JID($0) }), to.resourcepart != nil else { return nil }
    return record.addresses.contains(to) ? nil : .received
  }
}
