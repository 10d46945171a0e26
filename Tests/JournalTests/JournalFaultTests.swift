import Platform
import Testing

@testable import Journal

@Suite("A journal whose disk fails")
struct JournalFaultTests {
  private func filler(_ sequence: UInt64) -> JournalRow { row(sequence, String(repeating: "x", count: 2000)) }

  @Test("a full disk fails the batches of everyone, keeps what was committed, and is over when there is room")
  func full() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file()
    let system = FaultyFileSystem()
    let (journal, _) = try Journal.open(Store(path: path, options: .init(fileSystem: system.name)))
    system.state.withLock { $0.growthLeft = 160_000 }
    let clients = [RecordingClient(), RecordingClient()]
    let handles = clients.map { journal.client($0) }
    let spool = journal.spool("a")
    handles[0].submit(JournalBatch(ticket: 1, operations: [.append(spool, [filler(1)])]))
    #expect(clients[0].outcome(of: 1) == .committed)
    HoldingClient().hold(journal) {
      handles[0].submit(JournalBatch(ticket: 2, operations: [.append(spool, (2...100).map(filler))]))
      handles[1].submit(JournalBatch(ticket: 3, operations: [.set(key: "a", [1])], sync: true))
    }
    #expect(clients[0].outcome(of: 2) == .failed(.full(path: path)))
    #expect(clients[1].outcome(of: 3) == .failed(.full(path: path)))
    #expect(journal.statistics.lastFailure == .full(path: path))
    #expect(try journal.all(spool).map(\.sequence) == [1])
    #expect(try journal.values(prefix: "").isEmpty)

    handles[0].startOver()
    handles[0].submit(JournalBatch(ticket: 4, operations: [.trim(spool, upTo: 1), .append(spool, [filler(2)])]))
    #expect(clients[0].outcome(of: 4) == .committed)
    #expect(try journal.all(spool).map(\.sequence) == [2])
    #expect(journal.statistics.lastFailure == nil)
    try journal.close()
  }

  @Test("after a failed batch nothing later of that client is written until it starts over")
  func nothingWithoutTheEarlier() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file()
    let system = FaultyFileSystem()
    let (journal, _) = try Journal.open(Store(path: path, options: .init(fileSystem: system.name)))
    system.state.withLock { $0.growthLeft = 160_000 }
    let (client, bystander) = (RecordingClient(), RecordingClient())
    let (handle, other) = (journal.client(client), journal.client(bystander))
    let spool = journal.spool("a")
    handle.submit(JournalBatch(ticket: 1, operations: [.append(spool, (1...100).map(filler))]))
    #expect(client.outcome(of: 1) == .failed(.full(path: path)))
    handle.submit(JournalBatch(ticket: 2, operations: [.append(spool, [row(101)])], sync: true))
    other.submit(JournalBatch(ticket: 3, operations: [.set(key: "a", [1])]))
    #expect(client.outcome(of: 2) == .failed(.full(path: path)))
    #expect(bystander.outcome(of: 3) == .committed)

    HoldingClient().hold(journal) {
      handle.submit(JournalBatch(ticket: 4, operations: [.append(spool, [row(102)])]))
      handle.startOver()
      handle.submit(JournalBatch(ticket: 5, operations: [.append(spool, [row(1)])]))
    }
    #expect(client.outcome(of: 5) == .committed)
    #expect(client.soFar.completions.map(\.ticket) == [1, 2, 4, 5])
    #expect(client.outcome(of: 4) == .failed(.full(path: path)))
    #expect(try journal.all(spool).map(\.sequence) == [1])
    try journal.close()
  }

  @Test("a name that could not be written is written with the next transaction")
  func nameAfterFailure() throws {
    let directory = try TemporaryDirectory()
    let system = FaultyFileSystem()
    let (journal, _) = try Journal.open(Store(path: directory.file(), options: .init(fileSystem: system.name)))
    let client = RecordingClient()
    let handle = journal.client(client)
    system.state.withLock { $0.writesLeft = 0 }
    let spool = journal.spool("late")
    handle.submit(JournalBatch(ticket: 1, operations: [.append(spool, [row(1)])]))
    #expect(client.outcome(of: 1) == .failed(.full(path: directory.file())))
    system.state.withLock { $0.writesLeft = nil }
    handle.startOver()
    handle.submit(JournalBatch(ticket: 2, operations: [.append(spool, [row(1)])]))
    #expect(client.outcome(of: 2) == .committed)
    try journal.close()
    let (again, recovered) = try Journal.open(path: directory.file())
    #expect(recovered.spools.map(\.name) == ["late"])
    try again.close()
  }

  @Test("a failed flush fails the batch like a full disk; the log is written anew before anything else is taken in")
  func failedFlush() throws {
    let directory = try TemporaryDirectory()
    let system = FaultyFileSystem()
    let (journal, _) = try Journal.open(Store(path: directory.file(), options: .init(fileSystem: system.name)))
    let client = RecordingClient()
    let handle = journal.client(client)
    let spool = journal.spool("a")
    handle.submit(JournalBatch(ticket: 1, operations: [.append(spool, [row(1)])]))
    #expect(client.outcome(of: 1) == .committed)
    system.state.withLock { $0.flushesLeft = 0 }
    for ticket in 2...4 as ClosedRange<UInt64> {
      handle.submit(JournalBatch(ticket: ticket, operations: [.append(spool, [row(ticket)])], sync: ticket == 2))
      guard case .failed(.failed) = client.outcome(of: ticket) else {
        Issue.record("ticket \(ticket): \(client.outcome(of: ticket))")
        return
      }
      handle.startOver()
    }
    #expect(try journal.all(spool).map(\.sequence) == [1])
    system.state.withLock { $0.flushesLeft = nil }
    let flushes = system.state.withLock { ($0.logFlushes, $0.otherFlushes) }
    handle.submit(JournalBatch(ticket: 5, operations: [.append(spool, [row(2)])]))
    #expect(client.outcome(of: 5) == .committed)
    // SQLite's log is written over itself, then everything that the log has is put into it.
    let after = system.state.withLock { ($0.logFlushes, $0.otherFlushes) }
    #expect(after.0 == flushes.0 && after.1 >= flushes.1 + 2)
    #expect(try journal.all(spool).map(\.sequence) == [1, 2])
    try journal.close()
  }

  @Test("an ordinary commit flushes nothing, a sync flushes the log once")
  func flushes() throws {
    let directory = try TemporaryDirectory()
    let system = FaultyFileSystem()
    let (journal, _) = try Journal.open(Store(path: directory.file(), options: .init(fileSystem: system.name)))
    let client = RecordingClient()
    let handle = journal.client(client)
    let spool = journal.spool("a")
    let before = system.state.withLock { ($0.logFlushes, $0.otherFlushes) }
    for ticket in 1...50 as ClosedRange<UInt64> {
      handle.submit(
        JournalBatch(ticket: ticket, operations: [.append(spool, [row(ticket)]), .trim(spool, upTo: ticket)]))
      client.outcome(of: ticket)
    }
    #expect(system.state.withLock { ($0.logFlushes, $0.otherFlushes) } == before)
    // Also a sync that changes nothing has something to flush.
    handle.submit(JournalBatch(ticket: 51, operations: [.trim(spool, upTo: 50)], sync: true))
    #expect(client.outcome(of: 51) == .synced)
    #expect(system.state.withLock { ($0.logFlushes, $0.otherFlushes) } == (before.0 + 1, before.1))
    try journal.close()
  }

  @Test("a checkpoint that fails hurts nobody and is made up for")
  func failedCheckpoint() throws {
    let directory = try TemporaryDirectory()
    let system = FaultyFileSystem()
    let (journal, _) = try Journal.open(
      Store(path: directory.file(), options: .init(fileSystem: system.name, logBytes: 80_000, checkpointPages: 40)))
    let client = RecordingClient()
    let handle = journal.client(client)
    let spool = journal.spool("a")
    system.state.withLock { $0.flushesLeft = 0 }
    var ticket: UInt64 = 0
    while journal.statistics.failures == 0 {
      ticket += 1
      handle.submit(JournalBatch(ticket: ticket, operations: [.append(spool, [filler(ticket)])]))
      #expect(client.outcome(of: ticket) == .committed)
      // Its checkpoint, if there was one, is over when the next batch has been answered.
      handle.submit(JournalBatch(ticket: ticket + 1_000_000, operations: []))
      client.outcome(of: ticket + 1_000_000)
    }
    system.state.withLock { $0.flushesLeft = nil }
    while journal.statistics.checkpoints == 0 {
      ticket += 1
      handle.submit(JournalBatch(ticket: ticket, operations: [.append(spool, [filler(ticket)])]))
      #expect(client.outcome(of: ticket) == .committed)
    }
    #expect(try journal.all(spool).map(\.sequence) == Array(1...ticket))
    try journal.close()
  }

  @Test("closing says when the file could not be marked as complete, and gives it free")
  func failedClose() throws {
    let directory = try TemporaryDirectory()
    let system = FaultyFileSystem()
    let (journal, _) = try Journal.open(Store(path: directory.file(), options: .init(fileSystem: system.name)))
    let client = RecordingClient()
    journal.client(client).submit(JournalBatch(ticket: 1, operations: [.set(key: "a", [1])]))
    client.outcome(of: 1)
    system.state.withLock { $0.flushesLeft = 0 }
    #expect(throws: JournalError.self) { try journal.close() }
    let (again, _) = try Journal.open(path: directory.file())
    #expect(try again.values(prefix: "").count == 1)
    try again.close()
  }
}
