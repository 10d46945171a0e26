import Delivery
import Journal
import Logging
import MQTT
import MQTTClient
import Mapping
import NIOCore
import Platform
import XMPP
import XMPPClient

/// Runs one account's machine on one event loop: takes in what the MQTT thread, the journal thread and the stream say, and
/// carries out what the machine wants. It decides nothing but when to connect.
///
/// Not `Sendable`: everything happens on the event loop.
final class AccountDriver {
  private(set) var core: AccountCore
  let eventLoop: any EventLoop
  private let mailbox: AccountMailbox
  private let journal: JournalHandle
  private let mqtt: MQTTService
  private let inbound: MQTTInbound
  /// The journal cannot be written or read: this machine has stopped, and another has to take its place.
  private let onJournalFailure: (JournalError) -> Void
  private var handedOut: HandedOut
  private(set) var reporter: AccountReporter
  private var connector: AccountConnector
  private var connection: XMPPConnection?
  private var inboundID: MQTTInboundID?

  private lazy var timer = DeadlineTimer(eventLoop: eventLoop) { [weak self] in self?.endTurn() }
  private static let full = "the journal is full"

  private var isTurning = false
  /// A commit of this turn that was done at once.
  private var writtenTicket: UInt64?
  /// When this turn's first input came: all that comes in one turn comes at that time.
  private var times: (now: Duration, wallClock: Int64)?
  private var isStreamUp = false
  private var isInboundSuspended = false
  /// The broker keeps what is published for the account. Until then nobody is told that it is online: what is published
  /// before the first subscription reaches nobody.
  private var isInboundReady = false
  private var leaving: Leaving?
  /// What does not work although the account is online.
  private var limitation: String?
  private var pace = StreamPace()
  private var isHalted = false
  private var hasHalted: ((AccountRemains) -> Void)?

  init(
    core: AccountCore, eventLoop: any EventLoop, mailbox: AccountMailbox, journal: JournalHandle, mqtt: MQTTService,
    inbound: MQTTInbound, handedOut: HandedOut, reporter: AccountReporter, connector: AccountConnector,
    onJournalFailure: @escaping (JournalError) -> Void
  ) {
    self.core = core
    self.eventLoop = eventLoop
    self.mailbox = mailbox
    self.journal = journal
    self.mqtt = mqtt
    self.inbound = inbound
    self.handedOut = handedOut
    self.reporter = reporter
    self.connector = connector
    self.onJournalFailure = onJournalFailure
  }

  // MARK: Start

  /// Begins. `connection` is made by the caller with this driver as its owner.
  func start(connection: XMPPConnection) {
    self.connection = connection
    mailbox.attach(self)
    reporter.state(connection.session.resumable == nil ? .connecting : .resuming)
    core.start()
    endTurn()
  }

  // MARK: Word from other threads

  /// Everything that waits in the mailbox, then one turn.
  func mailArrived() {
    let (now, wallClock) = turnTimes()
    for input in mailbox.drain() { take(input, now: now, wallClock: wallClock) }
    endTurn()
  }

  private func take(_ input: AccountInput, now: Duration, wallClock: Int64) {
    switch input {
    case .published(let results):
      reporter.trace("the broker acknowledged \(results.count) publishes (PUBACK)")
      handedOut.answered(results)
      core.published(results, now: now)
    case _ where isHalted: break
    case .inboundConnected(let connected):
      core.inboundConnected(sessionPresent: connected.sessionPresent, index: connected.nextIndex - 1)
      reporter.brokerConnected(connected)
      if connected.sessionPresent { inboundIsReady() }
    case .inboundDisconnected(let reason, let retryIn):
      reporter.brokerDisconnected(reason, retryIn: retryIn)
      if isStreamUp, !isInboundReady { reporter.state(.connecting, reason: "in connection: \(reason)") }
    case .subscribed(let filters, let refused):
      core.subscribed(filters, refused: refused)
      inboundIsReady()
    case .received(let batch):
      CrashPoint.reached("mqtt-received")
      core.received(batch, now: now, wallClock: wallClock)
    case .broker(let isUp): core.broker(isUp: isUp)
    case .journal(let completions):
      for completion in completions { finished(completion, now: now, wallClock: wallClock) }
    case .loaded(let id, let spool, .success(let page)):
      core.loaded(id, from: spool, rows: page.rows, reachedEnd: page.reachedEnd)
    case .loaded(_, _, .failure(let error)): journalFailed(error)
    // The end of this turn looks whether to connect.
    case .loginTurnCame: break
    }
  }

  private func finished(_ completion: JournalCompletion, now: Duration, wallClock: Int64) {
    switch completion.outcome {
    case .committed, .synced: core.committed(ticket: completion.ticket, now: now, wallClock: wallClock)
    case .failed(let error): journalFailed(error)
    }
  }

  // MARK: Turns

  /// The time of this turn; the first to ask has the machine look at the clocks.
  private func turnTimes() -> (now: Duration, wallClock: Int64) {
    if let times { return times }
    let begun = (now: Clocks.monotonic(), wallClock: Clocks.wall())
    core.look(now: begun.now, wallClock: begun.wallClock)
    times = begun
    return begun
  }

  /// Closes a turn: the machine decides, and what it wants is carried out, until it wants nothing more.
  func endTurn() {
    defer { if !isTurning { times = nil } }
    guard !isTurning, !isHalted else { return }
    isTurning = true
    times = nil
    let (now, wallClock) = (Clocks.monotonic(), Clocks.wall())
    repeat {
      // What hangs on a commit that was done at once takes place in the same turn.
      writtenTicket.map { core.committed(ticket: $0, now: now, wallClock: wallClock) }
      writtenTicket = nil
      core.endTurn(now: now, wallClock: wallClock)
      for action in core.takeActions() { carryOut(action) }
    } while writtenTicket != nil
    isTurning = false
    connection?.endTurn()
    paceStream(now: now)
    connectIfDue()
    leaveIfSettled()
    timer.set(core.nextDeadline().earlier(connector.deadline).earlier(leaving?.deadline).earlier(pace.deadline))
  }

  private func commit(_ batch: JournalBatch) {
    // Outcomes come in the order of the tickets: what is behind another that is under way is handed over like it.
    guard core.submitted.count == 1 else { return journal.submit(batch) }
    if journal.write(batch) != nil { writtenTicket = batch.ticket }
  }

  private func carryOut(_ action: AccountAction) {
    switch action {
    case .commit(let ticket, let operations, let sync):
      commit(JournalBatch(ticket: ticket, operations: operations, sync: sync))
    case .loadOutbound(let load):
      journal.load(
        load.id, from: core.settings.outboundSpool, after: load.after, limit: load.limit, maxBytes: load.maxBytes)
    case .loadInbound(let load):
      journal.load(
        load.id, from: core.settings.inboundSpool, after: load.after, limit: load.limit, maxBytes: load.maxBytes)
    case .send(let stanzas):
      reporter.trace("\(stanzas.count) stanzas go to the server, the last is number \(stanzas.last?.sequence ?? 0)")
      CrashPoint.due("stanzas-sent")
      connection?.send(stanzas)
    case .handled(let count):
      reporter.trace("h of our <a/> is \(count): the broker or the journal has everything up to it")
      CrashPoint.reached("before-handled")
      CrashPoint.due("after-handled")
      connection?.handled(upTo: count)
    case .mayConnect(let inbound): connector.mayConnect(inbound: inbound)
    case .publish(let publishes):
      let (new, answered) = handedOut.handOut(publishes)
      mqtt.publish(new, from: mailbox)
      if !answered.isEmpty { mailbox.published(answered) }
    case .release(let index):
      reporter.trace("PUBACK up to message \(index): the server or the journal has it")
      CrashPoint.reached("before-release")
      if let inboundID { mqtt.release(inboundID, upTo: index) }
    case .pauseReading: if let inboundID { mqtt.pause(inboundID) }
    case .openInbound: inboundID = mqtt.addInbound(inbound, handler: mailbox)
    case .suspendInbound:
      if let inboundID { mqtt.suspend(inboundID) }
      isInboundSuspended = true
      tellIfOnline()
    case .resumeInbound:
      if let inboundID { mqtt.resume(inboundID) }
      isInboundSuspended = false
      tellIfOnline()
    case .parkStream:
      reporter.parks()
      connection?.park()
      reporter.state(.offline, reason: Self.full)
    case .retain(let topic, let payload): reporter.retain(topic, payload)
    case .limitation(let text):
      limitation = text
      tellIfOnline()
    case .report(let report): reporter.report(report)
    }
  }

  private func paceStream(now: Duration) {
    // A login is not held up.
    guard let connection, case let intake = connection.takeIntake(), isStreamUp else { return }
    switch pace.look(isCrowded: core.inbound.isCrowded, stanzas: intake.stanzas, bytes: intake.bytes, now: now) {
    case .rest: connection.rest(true)
    case .readOnce: connection.readOnce()
    case .read: connection.rest(false)
    case nil: break
    }
  }

  // MARK: Connecting

  private func connectIfDue() {
    guard let connection, !connection.isActive, let inbound = connector.takeDue(now: Clocks.monotonic()) else { return }
    reporter.state(connection.session.resumable == nil ? .connecting : .resuming)
    connection.connect(inbound: inbound)
  }

  private func inboundIsReady() {
    isInboundReady = true
    tellIfOnline()
  }

  private func tellIfOnline() {
    guard isStreamUp, isInboundReady else { return }
    reporter.state(.online, jid: connection?.session.jid, reason: isInboundSuspended ? Self.full : limitation)
  }

  private func ended(_ end: ConnectionEnd) {
    isStreamUp = false
    pace = StreamPace()
    connector.ended(end, now: Clocks.monotonic())
    let isResumable = connection?.session.resumable != nil
    core.disconnected(isRefusal: end.isRefusal)
    if !isResumable { core.streamLost(wallClock: Clocks.wall()) }
    reporter.ended(end, resumable: isResumable, retryIn: leaving == nil ? connector.retryIn : nil)
  }
}

// MARK: The stream

extension AccountDriver: XMPPConnectionOwner {
  func received(_ event: XMPPConnection.Event) {
    let (now, wallClock) = turnTimes()
    guard !isHalted else { return receivedWhileHalted(event, now: now, wallClock: wallClock) }
    switch event {
    case .established(let established):
      connector.established(now: now)
      core.announced(stanzaLimit: connection?.session.features.maximumStanzaBytes)
      core.established(established, now: now, wallClock: wallClock)
      isStreamUp = true
      tellIfOnline()
    case .stanza(let element, let number):
      guard leaving?.takesStanzas != false else { return }
      CrashPoint.reached("stanza-received")
      core.received(InboundStanza(element: element, number: number), now: now, wallClock: wallClock)
    case .acknowledged(let number):
      reporter.trace("the server acknowledged our stanzas up to number \(number) (<a/>)")
      CrashPoint.reached("acknowledged")
      core.acknowledged(upTo: number, now: now, wallClock: wallClock)
    case .lost: core.streamLost(wallClock: wallClock)
    case .ended(let end): ended(end)
    }
  }

  func turnEnded() {
    endTurn()
    tellIfHalted()
  }
}

// MARK: Halting

extension AccountDriver {
  private func journalFailed(_ error: JournalError) {
    // Leaving waits for nothing longer than its patience.
    guard !isHalted, leaving == nil else { return }
    stop()
    onJournalFailure(error)
  }

  /// Stops for good, acknowledging nothing more: the machine holds what the journal does not have. The broker keeps the
  /// in connection's session and the server the parked stream, until another machine has been made of what the journal has.
  /// - Parameter done: called once both connections are gone.
  func halt(done: @escaping (AccountRemains) -> Void) {
    stop()
    hasHalted = done
    tellIfHalted()
  }

  private func stop() {
    guard !isHalted else { return }
    isHalted = true
    connector.close()
    timer.cancel()
    mailbox.detach()
    if let inboundID {
      mqtt.suspend(inboundID)
      mqtt.removeInbound(inboundID, endingSession: false)
    }
    // Nothing would wake a stream that rests, and parking waits for the server's word.
    connection?.rest(false)
    connection?.park()
  }

  /// What the server has, it has: the next machine does not send it again. Whatever it sends it will send again.
  private func receivedWhileHalted(_ event: XMPPConnection.Event, now: Duration, wallClock: Int64) {
    switch event {
    case .acknowledged(let number): core.acknowledged(upTo: number, now: now, wallClock: wallClock)
    case .lost: core.streamLost(wallClock: wallClock)
    case .established, .stanza, .ended: break
    }
  }

  private func tellIfHalted() {
    guard isHalted, connection?.isActive != true, let done = hasHalted else { return }
    hasHalted = nil
    done(
      AccountRemains(
        mailbox: mailbox, handedOut: handedOut.inherited(unanswered: core.inbound.unanswered), record: core.record,
        counters: core.counters))
  }
}

// MARK: Leaving

extension AccountDriver {
  /// Leaves: reads nothing more from MQTT, finishes what is in flight, puts everything on disk, closes the stream or parks
  /// it. A peer that does not answer holds up no step for longer than five seconds.
  func leave(parks: Bool, done: @escaping () -> Void) {
    if isHalted { return halt { _ in done() } }
    if let inboundID { mqtt.pause(inboundID) }
    core.isLeaving = true
    connector.close()
    leaving = Leaving(parks: parks, now: Clocks.monotonic(), done: done)
    endTurn()
  }

  private func leaveIfSettled() {
    guard var leaving else { return }
    let now = Clocks.monotonic()
    let isLate = now >= leaving.deadline
    switch leaving.step {
    case .finishing:
      guard isLate || core.isSettled else { return }
      leaving.go(to: .securing, now: now)
      self.leaving = leaving
      core.secure()
      endTurn()
    case .securing:
      guard isLate || core.isOnDisk else { return }
      leaving.go(to: .closing, now: now)
      // What the server has and could not acknowledge would come twice from a new stream: this one is kept for it.
      leaving.parks = leaving.parks || !core.outbound.isSettled
      self.leaving = leaving
      if leaving.parks { connection?.park() } else { connection?.logout() }
      endTurn()
    case .closing:
      guard isLate || connection?.isActive != true else { return }
      leaving.go(to: .syncing, now: now)
      self.leaving = leaving
      core.secure()
      endTurn()
    case .syncing:
      guard isLate || core.isOnDisk else { return }
      self.leaving = nil
      reporter.state(.offline, reason: leaving.parks ? "parked" : "logged out")
      mailbox.detach()
      leaving.done()
    }
  }
}
