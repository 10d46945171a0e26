import BridgeConfig
import Mapping
import Testing
import XMPP

@testable import Bridge
@testable import Journal

/// A state that may have been rolled back begins a new epoch, and in a new epoch nothing of the old streams is resumed.
@Suite struct EpochTests {
  /// A state file of small records, and perhaps of one message to XMPP.
  private struct State: StateReader {
    var records: [String: [UInt8]] = [:]
    var row: JournalRow?

    mutating func apply(_ operations: [JournalOperation]) {
      for case .set(let key, let value) in operations { records[key] = value }
    }

    func spool(_ name: String) -> JournalSpool {
      JournalSpool(id: name == AccountKeys(account: "home").outboundSpool ? 1 : 2)
    }

    func rows(of spool: JournalSpool, after sequence: UInt64, limit: Int, maxBytes: Int) -> JournalPage {
      JournalPage(rows: spool.id == 1 ? row.map { [$0] } ?? [] : [], reachedEnd: true)
    }

    func values(prefix: String) -> [(key: String, value: [UInt8])] {
      records.filter { $0.key.hasPrefix(prefix) }.map { ($0.key, $0.value) }
    }

    func redeliveryKeys(of connection: JournalSpool) -> [RedeliveryKey] { [] }
  }

  private func epoch(_ state: State, _ continuity: Recovered.Continuity, doubts: UInt64, at wallClock: Int64)
    throws -> (epoch: UInt64, note: [JournalOperation])
  {
    let recovered = Recovered(continuity: continuity, generation: 2, doubts: doubts, spools: [])
    return try EpochKeeper.epoch(state: state, recovered: recovered, wallClock: wallClock)
  }

  @Test func anEpochLastsWhileTheStateIsTrusted() throws {
    var state = State()
    let (first, note) = try epoch(state, .new, doubts: 0, at: 5_000)
    #expect(first == 5_000)
    state.apply(note)
    for continuity in [Recovered.Continuity.closed, .interrupted] {
      let (again, more) = try epoch(state, continuity, doubts: 0, at: 6_000)
      #expect(again == first)
      #expect(more.isEmpty)
    }
  }

  @Test func aDoubtBeginsANewEpochEvenIfTheClockWentBack() throws {
    var state = State()
    state.apply(try epoch(state, .new, doubts: 0, at: 5_000).note)
    #expect(try epoch(state, .uncertain, doubts: 1, at: 4_000).epoch == 5_001)
    #expect(try epoch(state, .copied, doubts: 1, at: 9_000).epoch == 9_000)
  }

  /// The process that opens a state in doubt may be killed, or leave in order, before it has written a word.
  @Test func aDoubtIsHeededByTheNextProcessIfTheFirstDidNotComeToIt() throws {
    var state = State()
    state.apply(try epoch(state, .new, doubts: 0, at: 5_000).note)
    let (new, note) = try epoch(state, .interrupted, doubts: 1, at: 7_000)
    #expect(new == 7_000)
    state.apply(note)
    #expect(try epoch(state, .interrupted, doubts: 1, at: 8_000).epoch == 7_000)
  }

  @Test(arguments: [(7_000, true), (6_000, false)] as [(UInt64, Bool)])
  func aStreamIsResumedOnlyInItsEpoch(epoch: UInt64, isResumed: Bool) throws {
    var record = SessionRecord()
    record.epoch = 7_000
    record.stream = .init(jid: AccountHarness.jid, id: "s1")
    record.inbound = 5
    var state = State()
    state.apply([.set(key: AccountKeys(account: "home").session, record.bytes)])
    let loaded = try load(state, epoch: epoch)
    #expect(loaded.session?.inbound == (isResumed ? 5 : nil))
    #expect(loaded.core.record.epoch == epoch)
  }

  /// The power was cut before the first record was on disk, and whoever noticed came to nothing.
  @Test func aMessageWithoutARecordIsInDoubt() throws {
    var state = State()
    state.row = StanzaRow(sequence: 4, time: 5_000, stanza: []).journalRow
    let record = try load(state, epoch: 7_000).core.record
    #expect(record.sentBefore == 4)
    #expect(record.doubtSince == 5_000)
  }

  private func load(_ state: State, epoch: UInt64) throws -> LoadedAccount {
    let account = AccountConfiguration(name: "home", jid: AccountHarness.jid, password: nil)
    let found = state.row.map { row in
      Recovered.Spool(
        spool: JournalSpool(id: 1), name: AccountKeys(account: "home").outboundSpool, first: row.sequence,
        last: row.sequence, count: 1, bytes: row.bytes)
    }
    let loader = AccountLoader(
      configuration: BridgeConfiguration(
        mqtt: MQTTSection(endpoint: .tcp(host: "127.0.0.1", port: 1883)), accounts: [account]),
      tree: try TopicTree(), journal: state,
      recovered: Recovered(continuity: .interrupted, generation: 3, doubts: 1, spools: found.map { [$0] } ?? []),
      epoch: epoch,
      responder: IQResponder(
        info: DiscoInfo(identities: [], features: []), version: SoftwareVersion(name: "bridge", version: "1")))
    return try loader.load(account)
  }
}
