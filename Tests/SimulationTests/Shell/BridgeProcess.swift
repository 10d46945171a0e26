import BridgeConfig
import Delivery
import MQTT
import Mapping
import XMPPClient

@testable import Bridge
@testable import Journal
@testable import XMPP

/// One life of the bridge: the product's machines, and around them a shell that does what `AccountDriver` does with NIO and
/// threads. It decides nothing; it may be struck before each of its actions.
final class BridgeProcess {
  let number: Int
  /// It has found no stream in the journal, or none that it may trust.
  let isStale: Bool
  private unowned let world: World
  private(set) var core: AccountCore
  private lazy var connector = AccountConnector { [unowned self] in loginTurn() }
  /// One account at a time logs in: this one, or others that want to.
  private let logins = LoginQueue(capacity: 1)
  private(set) var isAlive = true

  private(set) lazy var stream = StreamShell(world: world, process: self, resuming: resumed)
  private(set) lazy var outbound = OutboundShell(world: world, process: self)
  private(set) lazy var inbound = InboundShell(world: world, process: self)
  private let resumed: ResumableSession?
  /// What the journal has to take note of before all else.
  private let note: [JournalOperation]

  private var mail: [(BridgeProcess) -> Void] = []
  private var orders: [(BridgeProcess) -> Void] = []
  private var isTurning = false
  /// A commit of this turn that was done at once.
  private var writtenTicket: UInt64?
  private var timerDeadline: Duration?

  init(world: World, number: Int) {
    self.world = world
    self.number = number
    var recovered = world.journal.open()
    if world.plant == .trustsOldState {
      recovered.continuity = .interrupted
      recovered.doubts = 0
    }
    let (epoch, note) = try! EpochKeeper.epoch(
      state: world.journal, recovered: recovered, wallClock: world.wallClock + Int64(number))
    let loaded = Self.load(recovered, epoch: epoch, world: world, number: number)
    isStale = loaded.session == nil
    core = loaded.core
    resumed = loaded.session
    self.note = note
  }

  private static let jid = try! JID("bot@example.org/b")
  private static let tree = try! TopicTree()
  private static let responder = IQResponder(
    info: DiscoInfo(identities: [], features: []), version: SoftwareVersion(name: "bridge", version: "1"))
  private static let byRoster = AccessPolicy()
  private static let byDomain = AccessPolicy(
    allow: try! AccessList(["example.org"], wildcard: .isRefused),
    maySend: try! AccessList(["example.org"], wildcard: .meansAnyone))

  private static func load(_ recovered: Recovered, epoch: UInt64, world: World, number: Int) -> LoadedAccount {
    let account = AccountConfiguration(
      name: "home", jid: jid, password: Secret(Array("secret".utf8)), tls: .plaintext,
      access: world.scenario.usesRoster ? byRoster : byDomain)
    let configuration = BridgeConfiguration(
      mqtt: MQTTSection(endpoint: .tcp(host: "127.0.0.1", port: 1883)),
      delivery: DeliverySection(
        hold: world.scenario.hold, holdMessages: world.scenario.holdMessages,
        journalMaxMessages: world.scenario.journalLimit),
      accounts: [account])
    let loader = AccountLoader(
      configuration: configuration, tree: tree, journal: world.journal, recovered: recovered, epoch: epoch,
      responder: responder, windowRows: world.scenario.windowRows, streamWindow: world.scenario.streamWindow,
      drawSeed: { UInt64(number) })
    return try! loader.load(account)
  }

  /// As `AccountConfiguration.session` has it.
  static let session = ClientSession.Configuration(
    jid: jid, credentials: SASLCredentials(username: "bot", password: Array("secret".utf8)), security: .none)

  // MARK: Life and death

  func start() {
    // No ticket of the account's own: nobody waits for the answer.
    if !note.isEmpty { world.journal.submit(ticket: 0, note, sync: false) }
    outbound.open()
    core.start()
    endTurn()
  }

  /// Everything in memory is gone, and the connections with it.
  func die(hasPower: Bool) {
    isAlive = false
    mail = []
    orders = []
    stream.die(hasPower: hasPower)
    inbound.die(hasPower: hasPower)
    outbound.die(hasPower: hasPower)
  }

  /// An action is about to be taken; false if it comes to that no more.
  func mayAct(_ text: @autoclosure () -> String) -> Bool {
    guard isAlive else { return false }
    world.action(text())
    return isAlive
  }

  // MARK: Word from other threads

  /// Leaves word for the event loop: one wake-up for all that comes before it looks.
  func post(_ word: @escaping (BridgeProcess) -> Void) {
    guard isAlive else { return }
    mail.append(word)
    guard mail.count == 1 else { return }
    world.after(world.scenario.hop) { [self] in
      guard isAlive else { return }
      let words = mail
      mail = []
      for word in words { word(self) }
      endTurn()
    }
  }

  /// Leaves an order for the MQTT thread.
  private func order(_ body: @escaping (BridgeProcess) -> Void) {
    orders.append(body)
    guard orders.count == 1 else { return }
    world.after(world.scenario.hop) { [self] in
      guard isAlive else { return }
      let bodies = orders
      orders = []
      for body in bodies { body(self) }
      outbound.pump()
      inbound.pump()
    }
  }

  /// Tells the machine something.
  func tell(_ word: (inout AccountCore, Duration, Int64) -> Void) { word(&core, world.now, world.wallClock) }

  func journalCompleted(_ tickets: [UInt64]) {
    guard world.plant != .confirmsBeforeCommit else { return }
    post { process in
      for ticket in tickets { process.tell { $0.committed(ticket: ticket, now: $1, wallClock: $2) } }
    }
  }

  func journalLoaded(_ id: UInt64, from spool: JournalSpool, _ page: JournalPage) {
    post { $0.core.loaded(id, from: spool, rows: page.rows, reachedEnd: page.reachedEnd) }
  }

  // MARK: Turns

  func endTurn() {
    guard isAlive, !isTurning else { return }
    isTurning = true
    repeat {
      writtenTicket.map { core.committed(ticket: $0, now: world.now, wallClock: world.wallClock) }
      writtenTicket = nil
      core.endTurn(now: world.now, wallClock: world.wallClock)
      for action in core.takeActions() {
        carryOut(action)
        guard isAlive else { return }
      }
    } while writtenTicket != nil
    isTurning = false
    stream.endTurn()
    guard isAlive else { return }
    if !stream.isActive, let inbound = connector.takeDue(now: world.now) {
      let count = world.plant == .resumesOneTooLow && inbound > 0 ? inbound - 1 : inbound
      stream.connect(inbound: count)
    }
    schedule()
  }

  private func carryOut(_ action: AccountAction) {
    guard mayAct(Self.describe(action)) else { return }
    switch action {
    case .commit(let ticket, let operations, let sync): submit(ticket, operations, sync: sync)
    case .loadOutbound(let load):
      world.journal.load(
        load.id, from: core.settings.outboundSpool, after: load.after, limit: load.limit, maxBytes: load.maxBytes)
    case .loadInbound(let load):
      world.journal.load(
        load.id, from: core.settings.inboundSpool, after: load.after, limit: load.limit, maxBytes: load.maxBytes)
    case .send(let stanzas):
      for stanza in stanzas { Excerpt.body(of: stanza.bytes).map(world.truth.handsToXMPP) }
      stream.send(world.plant == .reversesBatches ? stanzas.reversed() : stanzas)
    case .handled(let count): stream.handled(upTo: world.plant == .countsOneTooMany ? count + 1 : count)
    case .mayConnect(let inbound): connector.mayConnect(inbound: inbound)
    case .publish(let publishes): order { $0.outbound.publish(publishes) }
    case .release(let index): order { $0.inbound.release(upTo: index) }
    case .pauseReading: order { $0.inbound.pause() }
    case .openInbound: order { $0.inbound.open() }
    case .suspendInbound: order { $0.inbound.suspend() }
    case .resumeInbound: order { $0.inbound.open() }
    case .parkStream: stream.park()
    case .limitation, .retain: break
    case .report(let report):
      world.count("report \(report.event)")
      if report.event == "journal-damaged" || report.event == "publish-refused" { world.complain(report.detail) }
    }
  }

  private func submit(_ ticket: UInt64, _ operations: [JournalOperation], sync: Bool) {
    let written = operations.map { operation -> JournalOperation in
      if world.plant == .trimsOneTooMany, case .trim(let spool, let last) = operation {
        return .trim(spool, upTo: last + 1)
      }
      return operation
    }
    let kept = written.filter { operation in
      switch (world.plant, operation) {
      case (.forgetsRedeliveryKeys, .redelivery): false
      case (.forgetsSeen, .set(let key, _)): !key.hasPrefix(core.settings.keys.seenPrefix)
      default: true
      }
    }
    let sync = sync && world.plant != .skipsSync
    if !sync, core.submitted.count == 1, world.journal.writeAtOnce(ticket: ticket, kept) {
      writtenTicket = ticket
    } else {
      world.journal.submit(ticket: ticket, kept, sync: sync)
    }
    guard world.plant == .confirmsBeforeCommit else { return }
    post { process in process.tell { $0.committed(ticket: ticket, now: $1, wallClock: $2) } }
  }

  private func schedule() {
    let deadline = [core.nextDeadline(), connector.deadline].compactMap { $0 }.min()
    guard deadline != timerDeadline else { return }
    // A deadline that moved away is looked at when the timer fires.
    if let old = timerDeadline, let deadline, deadline > old { return }
    timerDeadline = deadline
    guard let deadline else { return }
    world.at(deadline) { [self] in
      guard isAlive, timerDeadline == deadline else { return }
      timerDeadline = nil
      endTurn()
    }
  }

  // MARK: Turns to log in

  /// A turn that comes at once, or when somebody else has logged in.
  private func loginTurn() -> LoginQueue.Turn {
    if let time = world.crowd() {
      let others = Others(logins.turn(at: Self.server) {})
      world.at(world.now + time) { others.turn = nil }
      world.count("waits for a turn")
    }
    let word = Word(self)
    return logins.turn(at: Self.server) { word.send() }
  }

  private static let server = ServerLocation(domain: "example.org")

  /// Somebody else logs in until this is nil.
  private final class Others {
    var turn: LoginQueue.Turn?

    init(_ turn: LoginQueue.Turn) { self.turn = turn }
  }

  /// The word that the turn has come. Everything happens on one thread here.
  private final class Word: @unchecked Sendable {
    private weak var process: BridgeProcess?

    init(_ process: BridgeProcess) { self.process = process }

    func send() {
      process?.post { _ in }
    }
  }

  /// Whether nobody who has logged in, or could not, still keeps others from it.
  private var hasRoomForLogins: Bool { logins.turn(at: Self.server) {}.hasCome }

  // MARK: What the stream says

  func received(_ action: ClientSession.Action) {
    switch action {
    case .established(let established):
      connector.established(now: world.now)
      core.announced(stanzaLimit: stream.session.features.maximumStanzaBytes)
      core.established(established, now: world.now, wallClock: world.wallClock)
    case .stanza(let element, let number):
      tell { $0.received(InboundStanza(element: element, number: number), now: $1, wallClock: $2) }
    case .acknowledged(let number): tell { $0.acknowledged(upTo: number, now: $1, wallClock: $2) }
    case .lost: core.streamLost(wallClock: world.wallClock)
    case .ended(let end): ended(.session(end))
    case .write, .startTLS, .resetParser, .deriveKeys, .close: break
    }
  }

  func ended(_ end: ConnectionEnd) {
    world.note("bridge: the connection ended: \(end)")
    // Two silences in a row cost a session, whoever was to blame for them.
    if end == .session(.streamManagement(.deaf)) { world.server.session?.isDeaf = true }
    connector.ended(end, now: world.now, random: world.fraction())
    if stream.session.resumable == nil { core.streamLost(wallClock: world.wallClock) }
    core.disconnected()
    if world.plant == .resumesBeforeSync { connector.mayConnect(inbound: core.record.inbound) }
  }

  // MARK: The witness's view

  var isAtRest: Bool {
    stream.session.isEstablished && core.isOnline && core.setup.stage == .done && core.isBrokerUp && core.isSettled
      && mail.isEmpty && orders.isEmpty
      && stream.session.management.unacknowledgedCount == 0 && outbound.isAtRest && inbound.isAtRest
      && hasRoomForLogins
  }

  /// What is more than it may be.
  var excess: String? {
    let unacknowledged = core.outbound.numbered.count { if case .row = $0.content { true } else { false } }
    if unacknowledged > world.scenario.streamWindow { return "\(unacknowledged) messages without an acknowledgement" }
    let rows = world.journal.count(in: .outbound)
    if rows > world.scenario.journalLimit + world.scenario.holdMessages { return "\(rows) rows in the journal" }
    if inbound.held > world.scenario.holdMessages { return "\(inbound.held) messages read from the broker" }
    if outbound.inFlight > world.scenario.publishWindow { return "\(outbound.inFlight) publishes in flight" }
    return nil
  }

  private static func describe(_ action: AccountAction) -> String {
    switch action {
    case .commit(let ticket, let operations, let sync):
      "commit \(ticket) of \(operations.count)\(sync ? ", sync" : "")"
    case .send(let stanzas): "send \(stanzas.map(\.sequence))"
    case .publish(let publishes): "publish \(publishes.map(\.token))"
    case .report(let report): "report \(report.event)"
    default: "\(action)"
    }
  }
}
