import BridgeConfig
import Delivery
import MQTT
import Mapping
import XMLStream

@testable import Bridge
@testable import Journal
@testable import XMPP

/// One account's machine with everything around it scripted: a test says what happens and looks at what is wanted.
struct AccountHarness {
  static let outboundSpool = JournalSpool(id: 1)
  static let inboundSpool = JournalSpool(id: 2)
  static let jid = try! JID("bot@example.org/b")

  var core: AccountCore
  var now: Duration = .seconds(1_000)
  var wallClock: Int64 = 1_795_356_000_000

  /// Commits that the journal has not answered.
  private(set) var commits: [(ticket: UInt64, operations: [JournalOperation], sync: Bool)] = []
  /// The latest commit that the journal has not answered.
  var lastCommit: [JournalOperation]? { commits.last?.operations }
  /// What was wanted since the last look, commits and reports left out.
  private var wanted: [AccountAction] = []
  private(set) var reports: [Report] = []
  /// What the journal has on disk or in the system's cache: it survives the machine.
  private(set) var journal = JournalPicture()
  private(set) var syncs = 0
  private var nextIndex: UInt64 = 1
  private var received: UInt64 = 0

  init(
    allow: [String] = ["alice@example.org"], maySend: [String] = ["alice@example.org"],
    status: StatusSelection = .all, binary: BinaryMode = .base64, holdMessages: Int = 16, window: Int = 1_000,
    windowBytes: Int = 4 << 20,
    journal: Int = 100_000,
    record: SessionRecord? = nil, memory: MessageMemory = MessageMemory(), rooms: Rooms = Rooms()
  ) throws {
    let policy = AccessPolicy(
      allow: try AccessList(allow, wildcard: .isRefused), maySend: try AccessList(maySend, wildcard: .meansAnyone))
    let record = record ?? SessionRecord()
    let settings = try Self.settings(policy, status, binary, window, windowBytes)
    core = AccountCore(
      settings: settings,
      outbound: Self.outbound(record, holdMessages: holdMessages, journal),
      inbound: Self.inbound(record, holdMessages: holdMessages, journal), record: record, roster: RosterCache(),
      topicSequences: TopicSequences(keys: settings.keys), redelivery: RedeliveryFilter(),
      ids: IdentifierSource(seed: 36), memory: memory, rooms: rooms)
    core.start()
    settle()
    committed()
    core.inboundConnected(sessionPresent: false, index: 0)
    core.broker(isUp: true)
    settle()
    committed()
    _ = take()
    syncs = 0
  }

  private static func settings(
    _ policy: AccessPolicy, _ status: StatusSelection, _ binary: BinaryMode, _ window: Int, _ windowBytes: Int
  ) throws -> AccountSettings {
    AccountSettings(
      bridge: "bridge", jid: jid, topics: try TopicTree().account("home"), policy: policy, status: status,
      binary: binary, expiry: Expiry(after: .seconds(7 * 86_400)), window: window, windowBytes: windowBytes, epoch: 3,
      responder: IQResponder(
        info: DiscoInfo(identities: [], features: []), version: SoftwareVersion(name: "bridge", version: "1")),
      keys: AccountKeys(account: "home"), outboundSpool: outboundSpool, inboundSpool: inboundSpool)
  }

  private static func outbound(_ record: SessionRecord, holdMessages: Int, _ limit: Int) -> OutboundFlow {
    OutboundFlow(
      ledger: Ledger(hold: .seconds(2), holdMessages: holdMessages),
      window: SpoolWindow(maxCount: 64, maxBytes: 1 << 20, after: record.numbered), nextSequence: record.numbered + 1,
      budget: JournalBudget(maxMessages: limit, maxBytes: 1 << 30))
  }

  private static func inbound(_ record: SessionRecord, holdMessages: Int, _ limit: Int) -> InboundFlow {
    InboundFlow(
      ledger: Ledger(hold: .seconds(2), holdMessages: holdMessages, upstream: record.inbound),
      window: SpoolWindow(maxCount: 64, maxBytes: 1 << 20), nextSequence: 1,
      budget: JournalBudget(maxMessages: limit, maxBytes: 1 << 30))
  }

  // MARK: What happens

  /// A stream comes up, and everything it asks for is done.
  mutating func goOnline(archive: Bool = false) {
    begin()
    while let last = answer(archive: archive).last {
      acknowledge(upTo: last.sequence)
      committed()
    }
    _ = take()
  }

  /// A stream comes up; nothing that it asks for is answered yet.
  mutating func begin() {
    core.established(.new(.resumable), now: now, wallClock: wallClock)
    received = 0
    settle()
    committed()
  }

  /// The server answers what a new session asks first: the roster, what the account has, carbons. Returns all that was sent.
  @discardableResult
  mutating func answer(archive: Bool = false) -> [OutboundStanza] {
    let stanzas = sent()
    let feature = archive ? "<feature var='urn:xmpp:mam:2'/>" : ""
    for request in stanzas.compactMap(\.element) {
      guard let id = request.attribute("id"), let payload = request.children.first else { continue }
      switch payload.namespace {
      case "jabber:iq:roster": stanza("<iq type='result' id='\(id)'><query xmlns='jabber:iq:roster'/></iq>")
      case "http://jabber.org/protocol/disco#info":
        stanza(
          "<iq type='result' id='\(id)' from='\(Self.jid.bare)'>"
            + "<query xmlns='http://jabber.org/protocol/disco#info'>\(feature)</query></iq>")
      case "urn:xmpp:carbons:2": stanza("<iq type='result' id='\(id)'/>")
      default: break
      }
    }
    committed()
    return stanzas
  }

  /// The in connection reads messages.
  mutating func publish(
    _ payload: String = "hello", on topic: String = "xmpp/home/message/alice@example.org/send", count: Int = 1,
    packetID: UInt16? = nil, retain: Bool = false, properties: PublishProperties = PublishProperties()
  ) {
    publish(Array(payload.utf8), on: topic, count: count, packetID: packetID, retain: retain, properties: properties)
  }

  mutating func publish(
    _ payload: [UInt8], on topic: String, count: Int = 1, packetID: UInt16? = nil, retain: Bool = false,
    properties: PublishProperties = PublishProperties()
  ) {
    let batch = (0..<count).map { _ in
      defer { nextIndex += 1 }
      return InboundPublish(
        index: nextIndex, packetID: packetID ?? UInt16(truncatingIfNeeded: nextIndex), topic: topic, payload: payload,
        qos: .atLeastOnce, retain: retain, properties: properties)
    }
    core.received(batch, now: now, wallClock: wallClock)
    settle()
  }

  /// The in connection is lost and comes back.
  mutating func reconnectInbound(sessionPresent: Bool) {
    core.inboundConnected(sessionPresent: sessionPresent, index: nextIndex - 1)
    settle()
  }

  /// A stanza comes in.
  mutating func stanza(_ xml: String) {
    guard let element = try? XMLElement(parsing: xml) else { return }
    received += 1
    core.received(InboundStanza(element: element, number: received), now: now, wallClock: wallClock)
    settle()
  }

  mutating func acknowledge(upTo number: UInt64) {
    core.acknowledged(upTo: number, now: now, wallClock: wallClock)
    settle()
  }

  /// The broker acknowledges publishes.
  mutating func puback(_ publishes: [OutboundPublish]) {
    core.published(publishes.map { PublishResult(token: $0.token, outcome: .accepted(.success)) }, now: now)
    settle()
  }

  /// The connection is lost; the stream may go on later.
  mutating func disconnect() {
    core.disconnected()
    settle()
  }

  /// The server closes the stream for something that it was sent, and forgets it.
  mutating func refuse() {
    core.streamLost(wallClock: wallClock)
    core.disconnected(isRefusal: true)
    settle()
    committed()
  }

  /// The stream goes on.
  mutating func resume() {
    core.established(.resumed(.resumable), now: now, wallClock: wallClock)
    settle()
  }

  /// The stream is over.
  mutating func loseStream() {
    core.streamLost(wallClock: wallClock)
    received = 0
    settle()
  }

  mutating func broker(isUp: Bool) {
    core.broker(isUp: isUp)
    settle()
  }

  /// Somebody sets the wall clock. Whoever runs the machine looks at the clocks before he tells it anything.
  mutating func setClock(byDays days: Int64) {
    wallClock += days * 86_400_000
    core.look(now: now, wallClock: wallClock)
  }

  /// Time passes.
  mutating func wait(_ duration: Duration) {
    now += duration
    wallClock += Int64(duration / .milliseconds(1))
    settle()
  }

  /// The journal answers the commits so far, or the first of them, and what follows from their answers.
  mutating func committed(_ count: Int = .max) {
    var left = count
    while left > 0, !commits.isEmpty {
      left -= 1
      let commit = commits.removeFirst()
      journal.apply(commit.operations)
      if commit.sync { syncs += 1 }
      core.committed(ticket: commit.ticket, now: now, wallClock: wallClock)
      settle()
    }
  }

  private mutating func settle() {
    core.endTurn(now: now, wallClock: wallClock)
    for action in core.takeActions() {
      switch action {
      case .commit(let ticket, let operations, let sync): commits.append((ticket, operations, sync))
      case .report(let report): reports.append(report)
      case .loadOutbound(let load): answer(load.id, Self.outboundSpool, after: load.after, limit: load.limit)
      case .loadInbound(let load): answer(load.id, Self.inboundSpool, after: load.after, limit: load.limit)
      default: wanted.append(action)
      }
    }
  }

  /// A load comes behind every commit before it.
  private mutating func answer(_ id: UInt64, _ spool: JournalSpool, after: UInt64, limit: Int) {
    committed()
    let rows = journal.rows(of: spool).filter { $0.sequence > after }
    core.loaded(id, from: spool, rows: Array(rows.prefix(limit)), reachedEnd: rows.count <= limit)
    settle()
  }

  // MARK: What is wanted

  /// Everything wanted since the last look.
  mutating func take() -> [AccountAction] {
    defer { wanted = [] }
    return wanted
  }

  /// Stanzas handed to the stream since the last look at them.
  mutating func sent() -> [OutboundStanza] {
    var all: [OutboundStanza] = []
    for case .send(let stanzas) in wanted { all += stanzas }
    wanted.removeAll { if case .send = $0 { true } else { false } }
    return all
  }

  /// Publishes handed to the broker since the last look at them.
  mutating func published() -> [OutboundPublish] {
    var all: [OutboundPublish] = []
    for case .publish(let publishes) in wanted { all += publishes }
    wanted.removeAll { if case .publish = $0 { true } else { false } }
    return all
  }

  /// Up to where the in connection may acknowledge; nil if nothing was said since the last look.
  mutating func released() -> UInt64? {
    var index: UInt64?
    for case .release(let upTo) in wanted { index = upTo }
    wanted.removeAll { if case .release = $0 { true } else { false } }
    return index
  }

  /// The `h` that was told to the stream since the last look; nil if none.
  mutating func handled() -> UInt64? {
    var count: UInt64?
    for case .handled(let upTo) in wanted { count = upTo }
    wanted.removeAll { if case .handled = $0 { true } else { false } }
    return count
  }
}

/// What the journal holds, as a restart would find it.
struct JournalPicture {
  private var spools: [JournalSpool: [UInt64: JournalRow]] = [:]
  private(set) var values: [String: [UInt8]] = [:]

  mutating func apply(_ operations: [JournalOperation]) {
    for operation in operations {
      switch operation {
      case .append(let spool, let rows): for row in rows { spools[spool, default: [:]][row.sequence] = row }
      case .trim(let spool, let upTo): spools[spool]?.keys.filter { $0 <= upTo }.forEach { spools[spool]?[$0] = nil }
      case .remove(let spool, let sequences): for sequence in sequences { spools[spool]?[sequence] = nil }
      case .set(let key, let value): values[key] = value
      case .amend, .redelivery, .clearRedelivery: break
      }
    }
  }

  func rows(of spool: JournalSpool) -> [JournalRow] {
    (spools[spool] ?? [:]).values.sorted { $0.sequence < $1.sequence }
  }
}

extension SessionInfo {
  /// A stream that can be resumed.
  static var resumable: SessionInfo {
    SessionInfo(
      jid: AccountHarness.jid, id: "previous", location: nil, maximum: .seconds(300),
      acknowledgement: .streamManagement)
  }
}

extension OutboundStanza {
  /// The stanza, read.
  var element: XMLElement? { try? XMLElement(parsing: String(decoding: bytes, as: UTF8.self)) }

  var body: String? { element?.child("body", in: "jabber:client")?.text }
}

extension OutboundPublish {
  var text: String { String(decoding: payload, as: UTF8.self) }
}
