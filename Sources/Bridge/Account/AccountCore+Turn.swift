import Delivery
import Journal
import Mapping
import Records

/// The end of a turn of the event loop, and the journal's answers.
extension AccountCore {
  /// A PUBACK is committed within 10 ms of its arrival, so that a kill doubles no more than those; nor more than so many,
  /// and what is in flight, at any speed.
  private static let lazyCommit: Duration = .milliseconds(8)
  static let mostLazyAnswers = 128
  private static let expiryInterval: Duration = .seconds(30)

  /// When `endTurn` has to be called again although nothing happened. To be asked when what the machine wants has been carried
  /// out: a message on its way does not wait for that.
  mutating func nextDeadline() -> Duration? {
    // No array: this is asked at every turn. Mutating, since for a getter the machine would be copied whole.
    outbound.ledger.deadline.earlier(inbound.ledger.deadline)
      .earlier(lazySince.map { $0 + Self.lazyCommit }).earlier(nextExpiryCheck)
      .earlier(isOnline ? requests.deadline : nil)
      .earlier(outboundFull.deadline).earlier(inboundFull.deadline)
  }

  /// Closes a turn: lets the ledgers decide, numbers what may go out, submits one commit, hands out what was committed.
  mutating func endTurn(now: Duration, wallClock: Int64) {
    look(now: now, wallClock: wallClock)
    expire(now: now, wallClock: wallClock)
    repeatRequests(now: now, wallClock: wallClock)
    heedBudgets(now: now)
    askLedgers(now: now)
    let handled = min(releasedInbound, committedInbound)
    sendReceipts(handled: handled, wallClock: wallClock)
    depart(now: now, wallClock: wallClock)
    noteRooms()
    submit(now: now)
    // A load has to be asked for behind the commit of the rows that the window knows of.
    if isOnline, let load = outbound.nextLoad() { act(.loadOutbound(load)) }
    if let load = inbound.nextLoad() { act(.loadInbound(load)) }
    // What is handed out goes to the broker when that comes back, be the account still there to hear of it or not.
    let publishes = isLeaving || !isBrokerUp ? [] : inbound.take(settings.expiry, wallClock: wallClock)
    if !publishes.isEmpty { act(.publish(publishes)) }
    inbound.noteCrowd()
    if isOnline, handled > toldInbound {
      toldInbound = handled
      act(.handled(upTo: handled))
    }
  }

  /// Looks at the clocks: before the inputs of a turn, so that a clock that was set since the last turn makes nothing old.
  mutating func look(now: Duration, wallClock: Int64) {
    outbound.look(now: now, wallClock: wallClock)
    inbound.look(now: now, wallClock: wallClock)
  }

  /// A spool that is full sends its upstream away, unacknowledged, until there is room again.
  private mutating func heedBudgets(now: Duration) {
    if outbound.isFull != isInboundSuspended, hasOpenedInbound {
      isInboundSuspended = outbound.isFull
      act(isInboundSuspended ? .suspendInbound : .resumeInbound)
      outboundFull.set(isInboundSuspended)
    }
    if inbound.isFull != isStreamSuspended {
      isStreamSuspended = inbound.isFull
      if isStreamSuspended { act(.parkStream) } else if wantsConnection { isSyncWanted = true }
      inboundFull.set(isStreamSuspended)
    }
    if outboundFull.mayHaveNews, let news = outboundFull.news(now: now) { report(news, "the XMPP server") }
    if inboundFull.mayHaveNews, let news = inboundFull.news(now: now) { report(news, "the MQTT broker") }
  }

  private mutating func report(_ news: Disturbance.News, _ downstream: String) {
    switch news {
    case .began:
      report(
        .error, "journal-full",
        "the journal has all it may take for \(downstream): nothing more is read until some is gone")
    case .ended: report(.notice, "journal-has-room", "the journal takes messages for \(downstream) again")
    }
  }

  private mutating func askLedgers(now: Duration) {
    while let action = outbound.ledger.nextAction(now: now) {
      switch action {
      case .release(let upTo): act(.release(upTo: upTo))
      case .pause: act(.pauseReading)
      case .sync: isSyncWanted = true
      case .resume: break
      }
    }
    while let action = inbound.ledger.nextAction(now: now) {
      switch action {
      case .release(let upTo): releasedInbound = upTo
      case .sync: isSyncWanted = true
      case .pause, .resume: break
      }
    }
  }

  /// Stanzas leave, as far as the server's window and the archive allow.
  private mutating func depart(now: Duration, wallClock: Int64) {
    guard isOnline, !isLeaving, outbound.hasDepartures else { return }
    let terms = OutboundFlow.DepartureTerms(
      room: settings.window - outbound.numbered.count, maxBytes: settings.windowBytes, holdsRows: holdsRows,
      isCautious: poisonWatch.isCautious, found: setup.found, poison: poisonWatch.poison,
      obstacles: rooms.isEmpty ? [:] : rooms.obstacles(settings.topics), expiry: settings.expiry)
    let departure = outbound.depart(
      terms, record: &record, account: settings.jid, now: now, wallClock: wallClock)
    guard !departure.isEmpty else { return }
    // Nothing is in doubt any more.
    if !isInDoubt { setup.found = [] }
    effects.stanzas += departure.stanzas
    if !departure.omitted.isEmpty { write(.remove(settings.outboundSpool, departure.omitted)) }
    if !departure.found.isEmpty {
      report(
        .info, "found-in-archive", "\(departure.found.count) messages of ours had arrived before their stream was lost")
    }
    sent(departure.found, wallClock: wallClock)
    expired(departure.expired, wallClock: wallClock)
    refused(departure.refused, wallClock: wallClock)
    if let poison = departure.poison { poisoned(poison, wallClock: wallClock) }
    isRecordDirty = true
    isCommitUrgent = true
  }

  /// What has changed in rooms is part of the commit, and told.
  private mutating func noteRooms() {
    guard rooms.haveChanged else { return }
    let changes = rooms.takeChanges(keys: settings.keys, topics: settings.topics)
    for operation in changes.operations { write(operation) }
    for (topic, payload) in changes.values { act(.retain(topic: topic, payload: payload)) }
  }

  private mutating func submit(now: Duration) {
    let isLate = lazySince.map { now >= $0 + Self.lazyCommit } ?? false
    guard isCommitUrgent || isSyncWanted || isLate else { return }
    operations += seen.takeOperations(keys: settings.keys)
    operations += topicSequences.takeOperations()
    if isRecordDirty {
      record.waiting = outbound.waitingControls
      operations.append(.set(key: settings.keys.session, record.bytes))
    }
    effects.ticket = nextTicket
    effects.generation = streamGeneration
    effects.inboundSequence = inbound.nextSequence - 1
    effects.inboundStanza = record.inbound
    if isSyncWanted { effects.synced = .init(read: lastRead, taken: lastTaken, connects: wantsConnection) }
    nextTicket += 1
    act(.commit(ticket: effects.ticket, operations, sync: isSyncWanted))
    effects.operations = operations
    submitted.append(effects)
    operations = []
    effects = CommitEffects()
    isRecordDirty = false
    isCommitUrgent = false
    isSyncWanted = false
    lazySince = nil
    lazyAnswers = 0
  }

  // MARK: The journal's answers

  /// A commit is done. Answers come in the order of the tickets.
  mutating func committed(ticket: UInt64, now: Duration, wallClock: Int64) {
    guard let done = submitted.first, done.ticket == ticket else { return }
    submitted.removeFirst()
    inbound.committed(upTo: done.inboundSequence)
    for position in done.settled { outbound.ledger.confirmed(position, now: now) }
    if done.generation == streamGeneration {
      committedInbound = max(committedInbound, done.inboundStanza)
      if !done.stanzas.isEmpty { act(.send(done.stanzas)) }
    }
    guard let synced = done.synced else { return }
    for origin in outbound.synced(upTo: synced.read, now: now) {
      emit(DeliveryStatus(id: origin.id, state: .queued, time: wallClock), origin: origin, wallClock: wallClock)
    }
    inbound.ledger.synced(upTo: synced.taken, now: now)
    // A sync that was asked for on the connection before says nothing of what came since.
    let isWhole = done.generation == streamGeneration && done.inboundStanza == record.inbound
    if synced.connects, isWhole, wantsConnection, !isStreamSuspended {
      wantsConnection = false
      committedInbound = record.inbound
      releasedInbound = record.inbound
      toldInbound = record.inbound
      act(.mayConnect(inbound: record.inbound))
    }
  }

  /// Rows of a spool that were read back.
  mutating func loaded(_ load: UInt64, from spool: JournalSpool, rows: [JournalRow], reachedEnd: Bool) {
    if spool == settings.outboundSpool {
      let rows = decoded(rows) { row throws(FieldError) in try StanzaRow(row) }
      outbound.loaded(load, rows: rows, reachedEnd: reachedEnd)
    } else {
      let rows = decoded(rows) { row throws(FieldError) in try PublishRow(row) }
      inbound.loaded(load, rows: rows, reachedEnd: reachedEnd)
    }
  }

  private mutating func decoded<Row>(
    _ rows: [JournalRow], _ decode: (JournalRow) throws(FieldError) -> Row
  ) -> [Row] {
    rows.compactMap { row in
      do throws(FieldError) {
        return try decode(row)
      } catch {
        report(.error, "journal-damaged", "row \(row.sequence) of the journal cannot be read and is left out: \(error)")
        return nil
      }
    }
  }

  // MARK: Expiry

  private mutating func expire(now: Duration, wallClock: Int64) {
    if let due = nextExpiryCheck, now < due { return }
    let isDue = nextExpiryCheck != nil
    guard outbound.hasWaiting || inbound.hasWaiting else {
      nextExpiryCheck = nil
      return
    }
    nextExpiryCheck = now + Self.expiryInterval
    guard isDue else { return }
    let stale = outbound.expire(settings.expiry, record: record, wallClock: wallClock)
    if !stale.isEmpty { write(.remove(settings.outboundSpool, stale.map(\.sequence))) }
    expired(stale, wallClock: wallClock)
    let unread = inbound.expire(settings.expiry, wallClock: wallClock)
    if !unread.isEmpty {
      write(.remove(settings.inboundSpool, unread.map(\.sequence)))
      report(.warning, "expired", "\(unread.count) messages waited too long for the MQTT broker")
    }
  }
}

// MARK: - Leaving

extension AccountCore {
  /// Asks for a last sync; `isOnDisk` tells when it is done.
  mutating func secure() {
    wantsConnection = false
    isSyncWanted = true
  }

  /// Nothing waits for the journal.
  var isOnDisk: Bool { submitted.isEmpty && !isSyncWanted && !isCommitUrgent }
}
