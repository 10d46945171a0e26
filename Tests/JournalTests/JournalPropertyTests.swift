import Platform
import TestSupport
import Testing

@testable import Journal

@Suite("Journal against a model")
struct JournalPropertyTests {
  @Test("holds what the model holds, over many batches, endings and starts", arguments: 0..<8)
  func randomHistories(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let directory = try TemporaryDirectory()
    var (journal, recovered) = try Journal.open(
      Store(path: directory.file(), options: .init(logBytes: 3_000, checkpointPages: 30)))
    let spools = ["a", "b", "c"].map(journal.spool)
    var model = JournalModel(spools: spools.count)
    var next: UInt64 = 0
    var ticket: UInt64 = 0
    for _ in 0..<12 {
      let client = RecordingClient()
      let handle = journal.client(client)
      for _ in 0..<Int.random(in: 1...40, using: &random) {
        ticket += 1
        var operations: [JournalOperation] = []
        for _ in 0..<Int.random(in: 0...5, using: &random) {
          let operation = model.operation(spools, next: &next, &random)
          model.apply(operation, spools)
          operations.append(operation)
        }
        handle.submit(JournalBatch(ticket: ticket, operations: operations, sync: random.chance(10)))
        if random.chance(20) { client.outcome(of: ticket) }
      }
      client.outcome(of: ticket)
      #expect(try JournalModel(reading: journal, spools) == model)
      let isClean = random.chance(50)
      try journal.close(clean: isClean)
      (journal, recovered) = try Journal.open(
        Store(path: directory.file(), options: .init(logBytes: 3_000, checkpointPages: 30)))
      #expect(recovered.continuity == (isClean ? .closed : .interrupted))
      #expect(recovered.spools.map(\.spool) == spools)
      #expect(recovered.spools.map(\.count) == model.spools.map(\.count))
      #expect(recovered.spools.map(\.first) == model.spools.map { $0.keys.min() })
      #expect(recovered.spools.map(\.last) == model.spools.map { $0.keys.max() })
      #expect(recovered.spools.map(\.bytes) == model.spools.map { $0.values.reduce(0) { $0 + $1.bytes } })
      #expect(try JournalModel(reading: journal, spools) == model)
    }
    try journal.close()
  }

  /// The files at some moment within a write or flush, and what the client had been told until then.
  private struct Moment: Sendable {
    let disks: [String: FaultyFileSystem.Disk]
    let files: [String: [UInt8]]
    let told: [JournalCompletion]
  }

  /// A history with a disk that fails now and then, looked at in some moments.
  private struct History {
    let path: String
    let spools: [JournalSpool]
    /// What may be found after each ticket, in order. A failed batch that reached the log may be found too.
    let outcomes: [(ticket: UInt64, model: JournalModel)]
    let moments: [Moment]

    init(_ random: inout SeededGenerator, path: String, isFailing: Bool) throws {
      self.path = path
      let system = FaultyFileSystem()
      let client = RecordingClient()
      let wanted = Set((0..<6).map { _ in Int.random(in: 30...400, using: &random) })
      let (journal, _) = try Journal.open(
        Store(path: path, options: .init(fileSystem: system.name, logBytes: 2_000, checkpointPages: 25)))
      let spools = ["a", "b"].map(journal.spool)
      let observer = Observer(path: path, client: client, wanted: wanted)
      system.state.withLock { $0.observer = { observer.look(at: $1, after: $0) } }
      let handle = journal.client(client)
      var model = JournalModel(spools: spools.count)
      var outcomes: [(ticket: UInt64, model: JournalModel)] = [(0, model)]
      var next: UInt64 = 0
      var waiting: [(ticket: UInt64, before: JournalModel)] = []
      for ticket in 1...60 as ClosedRange<UInt64> {
        if isFailing, random.chance(10) {
          system.state.withLock { $0.flushesLeft = $0.flushesLeft == nil ? Int.random(in: 0...2, using: &random) : nil }
        }
        waiting.append((ticket, model))
        let operations = (0..<Int.random(in: 1...3, using: &random)).map { _ in
          let operation = model.operation(spools, next: &next, &random)
          model.apply(operation, spools)
          return operation
        }
        outcomes.append((ticket, model))
        handle.submit(JournalBatch(ticket: ticket, operations: operations, sync: random.chance(25)))
        guard random.chance(60) else { continue }
        client.outcome(of: ticket)
        if let failed = waiting.first(where: { Self.hasFailed(client.outcome(of: $0.ticket)) }) {
          model = failed.before
          handle.startOver()
        }
        waiting = []
      }
      if let last = outcomes.last { client.outcome(of: last.ticket) }
      system.state.withLock { $0.observer = nil }
      try? journal.close(clean: false)
      self.spools = spools
      self.outcomes = outcomes
      self.moments = observer.moments.withLock { $0 }
    }

    private static func hasFailed(_ outcome: JournalOutcome) -> Bool {
      if case .failed = outcome { true } else { false }
    }

    /// Opens what was left behind, and checks that it is one of the states that may follow what was promised.
    func check(_ files: [String: [UInt8]], promised: UInt64, _ comment: Comment) throws {
      let directory = try TemporaryDirectory()
      for suffix in ["", "-wal", "-journal", "-log"] {
        if let bytes = files[path + suffix] { try write(bytes, to: directory.file() + suffix) }
      }
      let options = Store.Options(fileSystem: FaultyFileSystem.withoutFlushes.name)
      let (journal, recovered) = try Journal.open(Store(path: directory.file(), options: options))
      let found = try JournalModel(reading: journal, spools)
      #expect(outcomes.contains { $0.ticket >= promised && $0.model == found }, comment)
      #expect(recovered.spools.count <= spools.count)
      try journal.close()
      let database = try Database(path: directory.file(), fileSystem: nil)
      let check = try database.prepare("PRAGMA integrity_check")
      #expect(try check.step() && check.text(0) == "ok")
    }
  }

  /// Takes down the moments that are wanted.
  private final class Observer: Sendable {
    let path: String
    let client: RecordingClient
    let wanted: Set<Int>
    let moments = Lock<[Moment]>([])

    init(path: String, client: RecordingClient, wanted: Set<Int>) {
      self.path = path
      self.client = client
      self.wanted = wanted
    }

    func look(at disks: [String: FaultyFileSystem.Disk], after writes: Int) {
      guard wanted.contains(writes) else { return }
      var files: [String: [UInt8]] = [:]
      for suffix in ["", "-wal", "-journal", "-log"] { files[path + suffix] = contents(path + suffix) }
      let moment = Moment(disks: disks, files: files, told: client.soFar.completions)
      moments.withLock { $0.append(moment) }
    }
  }

  @Test(
    "whenever the process is killed, everything that was told to be committed is found", arguments: 0..<8,
    [false, true])
  func kill(seed: UInt64, isFailing: Bool) throws {
    for seed in (seed * 4)..<(seed * 4 + 4) {
      var random = SeededGenerator(seed: seed)
      let directory = try TemporaryDirectory()
      let history = try History(&random, path: directory.file(), isFailing: isFailing)
      for moment in history.moments {
        let committed = moment.told.last { $0.outcome == .committed || $0.outcome == .synced }
        try history.check(moment.files, promised: committed?.ticket ?? 0, "killed in history \(seed)")
      }
    }
  }

  @Test("whenever the power is cut, everything that was told to be synced is found", arguments: 0..<5, [false, true])
  func powerCut(seed: UInt64, isFailing: Bool) throws {
    for seed in (seed * 4)..<(seed * 4 + 4) {
      var random = SeededGenerator(seed: seed)
      let directory = try TemporaryDirectory()
      let history = try History(&random, path: directory.file(), isFailing: isFailing)
      for moment in history.moments {
        let synced = moment.told.last { $0.outcome == .synced }
        for _ in 0..<3 {
          let files = moment.disks.mapValues { FaultyFileSystem.cut($0, random: &random) }
          try history.check(files, promised: synced?.ticket ?? 0, "power cut in history \(seed)")
        }
      }
    }
  }
}
