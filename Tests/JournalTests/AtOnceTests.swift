import Platform
import Testing

@testable import Journal

@Suite("A batch that is written at once")
struct AtOnceTests {
  /// A journal that has been written to, and what writes to it.
  private final class Desk {
    let directory: TemporaryDirectory
    let journal: Journal
    let client = RecordingClient()
    let handle: JournalHandle
    let spool: JournalSpool

    init(options: Store.Options = .init()) throws {
      let directory = try TemporaryDirectory()
      (journal, _) = try Journal.open(Store(path: directory.file(), options: options), options: options)
      self.directory = directory
      handle = journal.client(client)
      spool = journal.spool("a")
      handle.submit(JournalBatch(ticket: 0, operations: [.append(spool, [row(1)])]))
      client.outcome(of: 0)
    }

    /// The first batch from this ticket on that is written at once: the thread may be about to wait, and takes those before.
    func writeAtOnce(from ticket: UInt64) -> (ticket: UInt64, outcome: JournalOutcome) {
      var ticket = ticket
      while true {
        let batch = JournalBatch(ticket: ticket, operations: [.append(spool, [row(ticket)])])
        if let outcome = handle.write(batch) { return (ticket, outcome) }
        client.outcome(of: ticket)
        ticket += 1
      }
    }
  }

  @Test("it is in the journal when the call returns, and the client hears nothing of it")
  func idle() throws {
    let desk = try Desk()
    let (ticket, outcome) = desk.writeAtOnce(from: 2)
    #expect(outcome == .committed)
    #expect(try desk.journal.all(desk.spool).last?.sequence == ticket)
    #expect(!desk.client.soFar.completions.map(\.ticket).contains(ticket))
    // A process that is killed now leaves it behind.
    let copy = desk.directory.file("copy")
    try copyState(from: desk.directory.file(), to: copy)
    let (killed, _) = try Journal.open(path: copy)
    #expect(try killed.all(killed.spool("a")).last?.sequence == ticket)
    try killed.close()
    try desk.journal.close()
  }

  @Test("whoever comes while the thread works, or others wait, waits too")
  func busy() throws {
    let desk = try Desk()
    let other = RecordingClient()
    HoldingClient().hold(desk.journal) {
      #expect(desk.handle.write(JournalBatch(ticket: 2, operations: [.append(desk.spool, [row(2)])])) == nil)
      desk.journal.client(other).submit(JournalBatch(ticket: 1, operations: [.trim(desk.spool, upTo: 2)]))
      #expect(desk.handle.write(JournalBatch(ticket: 3, operations: [.append(desk.spool, [row(3)])])) == nil)
    }
    #expect(desk.client.outcome(of: 3) == .committed)
    #expect(desk.client.soFar.completions.map(\.ticket) == [0, 2, 3])
    #expect(try desk.journal.all(desk.spool).map(\.sequence) == [3])
    try desk.journal.close()
  }

  @Test("a sync is for the thread, and so is the first batch behind one")
  func sync() throws {
    let desk = try Desk()
    let (ticket, _) = desk.writeAtOnce(from: 2)
    #expect(desk.handle.write(JournalBatch(ticket: ticket + 1, operations: [], sync: true)) == nil)
    #expect(desk.client.outcome(of: ticket + 1) == .synced)
    // From here on the thread has to know when the next sync is due.
    let batch = JournalBatch(ticket: ticket + 2, operations: [.append(desk.spool, [row(ticket + 2)])])
    #expect(desk.handle.write(batch) == nil)
    #expect(desk.client.outcome(of: ticket + 2) == .committed)
    #expect(desk.journal.statistics.syncs == 1)
    try desk.journal.close()
  }

  @Test("what fails is tried once more by the thread, which tells the client; later ones fail with it")
  func full() throws {
    let system = FaultyFileSystem()
    let desk = try Desk(options: .init(fileSystem: system.name))
    let (ticket, _) = desk.writeAtOnce(from: 2)
    system.state.withLock { $0.growthLeft = 160_000 }
    let rows = (1...100).map { row(ticket + $0, String(repeating: "x", count: 2000)) }
    #expect(desk.handle.write(JournalBatch(ticket: ticket + 1, operations: [.append(desk.spool, rows)])) == nil)
    let failed = JournalOutcome.failed(.full(path: desk.directory.file()))
    #expect(desk.client.outcome(of: ticket + 1) == failed)
    #expect(desk.handle.write(JournalBatch(ticket: ticket + 2, operations: [.append(desk.spool, [row(1)])])) == nil)
    #expect(desk.client.outcome(of: ticket + 2) == failed)
    #expect(try desk.journal.all(desk.spool).last?.sequence == ticket)
    desk.handle.startOver()
    #expect(desk.writeAtOnce(from: ticket + 3).outcome == .committed)
    try desk.journal.close()
  }

  @Test("megabytes are for the thread")
  func large() throws {
    let desk = try Desk()
    let (ticket, _) = desk.writeAtOnce(from: 2)
    let rows = (1...5).map { row(ticket + $0, String(repeating: "x", count: 60_000)) }
    #expect(desk.handle.write(JournalBatch(ticket: ticket + 1, operations: [.append(desk.spool, rows)])) == nil)
    #expect(desk.client.outcome(of: ticket + 1) == .committed)
    try desk.journal.close()
  }

  @Test("the log is copied in good time although nobody wakes the thread")
  func copying() throws {
    let desk = try Desk(options: .init(logBytes: 4_000))
    var ticket: UInt64 = 2
    while desk.journal.statistics.checkpoints < 3 { ticket = desk.writeAtOnce(from: ticket).ticket + 1 }
    try desk.journal.close()
  }
}
