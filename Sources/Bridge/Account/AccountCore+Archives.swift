import Journal
import Mapping
import XMLStream
import XMPP

/// Reading archives: the account's own, and those of its rooms.
extension AccountCore {
  /// What is done with an archive.
  subscript(archive: Archive) -> ArchiveCatchUp {
    get {
      switch archive {
      case .account: setup.archive
      case .room(let room): rooms[room]?.archive ?? ArchiveCatchUp()
      }
    }
    set {
      switch archive {
      case .account: setup.archive = newValue
      case .room(let room): rooms[room]?.archive = newValue
      }
    }
  }

  /// How far an archive was read.
  private subscript(cursorOf archive: Archive) -> ArchiveCursor {
    get {
      switch archive {
      case .account: record.archive
      case .room(let room): rooms[room]?.record.archive ?? ArchiveCursor()
      }
    }
    set {
      switch archive {
      case .account: record.archive = newValue
      case .room(let room): rooms[room]?.record.archive = newValue
      }
    }
  }

  private func keepsArchive(_ archive: Archive) -> Bool {
    switch archive {
    case .account: record.hasArchive
    case .room(let room): rooms[room]?.record.hasArchive == true
    }
  }

  /// Something of an archive has not been read.
  func isOwed(_ archive: Archive) -> Bool { self[cursorOf: archive].isOwed }

  /// Rows of a lost stream wait: they may have arrived.
  var isInDoubt: Bool { record.sentBefore > record.numbered }

  // MARK: Stages

  /// The first thing of a session.
  mutating func begin(with archive: Archive, now: Duration, wallClock: Int64) {
    self[archive].stage = .idle
    self[archive].reading = nil
    guard keepsArchive(archive), isInDoubt else { return catchUp(archive, now: now, wallClock: wallClock) }
    self[archive].stage = .lookingUp
    read(archive, from: .time(record.doubtSince ?? wallClock), now: now)
  }

  private mutating func catchUp(_ archive: Archive, now: Duration, wallClock: Int64) {
    guard keepsArchive(archive), self[cursorOf: archive].isOwed else {
      return end(with: archive, now: now, wallClock: wallClock)
    }
    self[archive].stage = .catchingUp
    readOn(archive, now: now)
  }

  /// From where the archive has been read to.
  private mutating func readOn(_ archive: Archive, now: Duration) {
    let cursor = self[cursorOf: archive]
    read(archive, from: cursor.point.map { .after($0) } ?? .time(cursor.since ?? 0), now: now)
  }

  private mutating func read(_ archive: Archive, from start: ArchiveReading.Start, now: Duration) {
    self[archive].reading = ArchiveReading(query: ids.next(), from: start)
    askPage(of: archive, now: now)
  }

  private mutating func readingEnded(_ archive: Archive, now: Duration, wallClock: Int64) {
    let reading = self[archive].reading
    self[archive].reading = nil
    switch self[archive].stage {
    case .lookingUp:
      catchUp(archive, now: now, wallClock: wallClock)
    case .catchingUp:
      if let count = reading?.count, count > 0 {
        report(.notice, "caught-up", "\(count) messages of \(name(of: archive)) were read")
      }
      self[archive].stage = .closing
      if archive == .account { outbound.accept(control: Presence.available()) }
      readOn(archive, now: now)
    case .closing:
      self[cursorOf: archive].caughtUp()
      end(with: archive, now: now, wallClock: wallClock)
    case .idle: break
    }
  }

  /// Live messages are all that is to come.
  private mutating func end(with archive: Archive, now: Duration, wallClock: Int64) {
    let isPresent = self[archive].stage == .closing
    self[archive].stage = .idle
    switch archive {
    case .account: finish(isPresent: isPresent, now: now, wallClock: wallClock)
    case .room(let room): rooms[room]?.isDirty = true
    }
    takeWaiting(now: now, wallClock: wallClock)
  }

  /// What was to be read stays owed until the next session; nothing waits for it.
  private mutating func unreadable(_ archive: Archive, _ reason: String, now: Duration, wallClock: Int64) {
    let limitation = "\(name(of: archive)) cannot be read: \(reason)"
    report(.warning, "archive-unreadable", limitation)
    if archive == .account { act(.limitation(limitation)) }
    self[archive].reading = nil
    end(with: archive, now: now, wallClock: wallClock)
  }

  private func name(of archive: Archive) -> String {
    switch archive {
    case .account: "the archive"
    case .room(let room): "the archive of \(room)"
    }
  }

  // MARK: Pages

  mutating func askPage(of archive: Archive, now: Duration) {
    guard let reading = self[archive].reading else { return }
    let recipient: JID? = if case .room(let room) = archive { room } else { nil }
    ask(.page(archive), of: recipient, now: now) { reading.request(id: $0, of: recipient) }
  }

  /// A page that failed is left alone for a second.
  private mutating func askPageLater(of archive: Archive, now: Duration) {
    requests.postpone(.pageAgain(archive), id: ids.next(), for: .seconds(1), now: now)
  }

  /// A page ended, or was refused.
  mutating func gotPage(of archive: Archive, _ iq: IQ, now: Duration, wallClock: Int64) {
    guard let end = MessageArchive.End(iq) else {
      return pageRefused(archive, StanzaError(of: iq.element), now: now, wallClock: wallClock)
    }
    switch self[archive].reading?.ended(end) {
    case .page: askPage(of: archive, now: now)
    case .again: askPageLater(of: archive, now: now)
    case .nothing, nil: readingEnded(archive, now: now, wallClock: wallClock)
    }
  }

  private mutating func pageRefused(_ archive: Archive, _ error: StanzaError?, now: Duration, wallClock: Int64) {
    let error = error ?? StanzaError(.undefinedCondition)
    if self[archive].reading?.refused(error) == true {
      report(
        .notice, "archive-forgot", "\(name(of: archive)) does not know the last message any more and is read by time")
      askPage(of: archive, now: now)
    } else if self[archive].reading?.failed(error) == true {
      askPageLater(of: archive, now: now)
    } else {
      unreadable(archive, "\(error)", now: now, wallClock: wallClock)
    }
  }

  /// Nobody answered the request for a page.
  mutating func pageUnanswered(of archive: Archive, now: Duration, wallClock: Int64) {
    self[archive].silences += 1
    if self[archive].silences > ArchiveCatchUp.patience {
      unreadable(archive, "no answer", now: now, wallClock: wallClock)
    } else {
      askPage(of: archive, now: now)
    }
  }

  // MARK: Results

  /// A message out of an archive. Only an open reading gets results; those of a reading that an earlier process began come
  /// again.
  mutating func archived(_ result: MessageArchive.Result, from: JID, wallClock: Int64) -> IncomingMessage? {
    guard let archive = archive(of: from) else {
      report(
        .warning, "forged-archive", "\(from.bare) sent a result of an archive that is not its own, which was ignored")
      return nil
    }
    guard let reading = self[archive].reading, reading.answers(result) else { return nil }
    self[archive].reading?.took(result)
    let message = result.forwarded.message
    guard self[archive].stage != .lookingUp else {
      noteFound(message, in: archive)
      return nil
    }
    let time = result.forwarded.time ?? wallClock
    self[cursorOf: archive].read(.init(id: result.id, time: time))
    if (reading.count + 1).isMultiple(of: Self.progressStep) {
      let total = reading.total.map { " of about \($0)" } ?? ""
      report(
        .info, "catching-up",
        "\(reading.count + 1)\(total) messages of \(name(of: archive)) were read, up to \(Timestamp.rfc3339(time))")
    }
    return IncomingMessage(
      stanza: message, type: MessageType(of: message), archive: archive, archiveID: result.id, archivedAt: time,
      carbon: archive == .account ? direction(of: message) : nil)
  }

  private static var progressStep: Int { 1_000 }

  private func archive(of sender: JID) -> Archive? {
    if sender == settings.jid.bare { return .account }
    return rooms[sender] == nil ? nil : .room(sender)
  }

  /// A message of ours that arrived, whatever its stream saw of it.
  private mutating func noteFound(_ message: XMLElement, in archive: Archive) {
    guard let from = message.attribute("from").flatMap({ try? JID($0) }),
      let id = StableIDs.originID(of: message) ?? message.attribute("id")
    else { return }
    switch archive {
    case .account:
      guard from.isSameBare(as: settings.jid), let to = message.attribute("to").flatMap({ try? JID($0) }) else {
        return
      }
      setup.found.insert(MessageMemory.key(id: id, statusTopic: settings.topics.messageStatus(of: to)))
    case .room(let room):
      // Ids are for everybody in the room to see: only what came from our own place in it counts.
      guard from.isSameBare(as: room), rooms[room]?.wasOurs(from.resourcepart) == true else { return }
      setup.found.insert(MessageMemory.key(id: id, statusTopic: settings.topics.roomStatus(of: room)))
    }
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
