import Testing

@testable import Journal

@Suite("Journal")
struct JournalTests {
  @Test("what was committed is read back in order of sequence")
  func roundTrip() throws {
    let directory = try TemporaryDirectory()
    let (journal, recovered) = try Journal.open(path: directory.file())
    #expect(recovered == Recovered(continuity: .new, generation: 1, doubts: 0, spools: []))
    let client = RecordingClient()
    let handle = journal.client(client)
    let spool = journal.spool("home.out")
    #expect(journal.spool("home.out") == spool)
    let rows = [
      row(1, "one"), JournalRow(sequence: 2, time: -5, kind: 255, meta: [], body: []),
      JournalRow(sequence: JournalRow.sequenceEnd - 1, time: .max, kind: 0, meta: [0], body: [255, 0]),
    ]
    handle.submit(
      JournalBatch(ticket: 7, operations: [.append(spool, [rows[2], rows[0]]), .append(spool, [rows[1]])]))
    #expect(client.outcome(of: 7) == .committed)
    #expect(try journal.all(spool) == rows)
    try journal.close()
  }

  @Test("batches are answered in the order of submission, and later ones see earlier ones")
  func order() throws {
    let directory = try TemporaryDirectory()
    let (journal, _) = try Journal.open(path: directory.file())
    let client = RecordingClient()
    let handle = journal.client(client)
    let spool = journal.spool("a")
    for ticket in 1...200 as ClosedRange<UInt64> {
      handle.submit(JournalBatch(ticket: ticket, operations: [.append(spool, [row(1, "\(ticket)")])]))
    }
    client.outcome(of: 200)
    #expect(client.soFar.completions.map(\.ticket) == Array(1...200))
    #expect(try journal.all(spool) == [row(1, "200")])
    try journal.close()
  }

  @Test("whatever waits is one transaction, and each client is told once")
  func groupCommit() throws {
    let directory = try TemporaryDirectory()
    let (journal, _) = try Journal.open(path: directory.file())
    let clients = [RecordingClient(), RecordingClient()]
    let handles = clients.map { journal.client($0) }
    let spool = journal.spool("a")
    HoldingClient().hold(journal) {
      for ticket in 1...500 as ClosedRange<UInt64> {
        handles[Int(ticket % 2)].submit(JournalBatch(ticket: ticket, operations: [.append(spool, [row(ticket)])]))
      }
    }
    clients[0].outcome(of: 500)
    clients[1].outcome(of: 499)
    // The spool's name was written on its own, before the thread was held.
    #expect(journal.statistics.transactions <= 2)
    #expect(clients.map(\.soFar.calls) == [1, 1])
    #expect(try journal.all(spool).count == 500)
    try journal.close()
  }

  @Test("syncs only where it is asked to, once for all that wait")
  func syncs() throws {
    let directory = try TemporaryDirectory()
    let (journal, _) = try Journal.open(path: directory.file())
    let client = RecordingClient()
    let handle = journal.client(client)
    let spool = journal.spool("a")
    for ticket in 1...20 as ClosedRange<UInt64> {
      handle.submit(JournalBatch(ticket: ticket, operations: [.append(spool, [row(ticket)])]))
    }
    #expect(client.outcome(of: 20) == .committed)
    #expect(journal.statistics.syncs == 0)
    HoldingClient().hold(journal) {
      handle.submit(JournalBatch(ticket: 21, operations: [.append(spool, [row(21)])]))
      handle.submit(JournalBatch(ticket: 22, operations: [], sync: true))
      handle.submit(JournalBatch(ticket: 23, operations: [.trim(spool, upTo: 3)], sync: true))
    }
    #expect([21, 22, 23].map { client.outcome(of: $0) } == [.synced, .synced, .synced])
    #expect(journal.statistics.syncs == 1)
    // Everything is on disk already.
    handle.submit(JournalBatch(ticket: 24, operations: [], sync: true))
    #expect(client.outcome(of: 24) == .synced)
    #expect(journal.statistics.syncs == 1)
    try journal.close()
  }

  @Test("flushes by itself what nobody asked to be flushed, and nothing when nothing moved")
  func syncsByItself() throws {
    let directory = try TemporaryDirectory()
    let (journal, _) = try Journal.open(path: directory.file(), syncInterval: .zero)
    let client = RecordingClient()
    let handle = journal.client(client)
    let spool = journal.spool("a")
    handle.submit(JournalBatch(ticket: 1, operations: [.append(spool, [row(1)])]))
    client.outcome(of: 1)
    // Due at once: whether the next round comes from the clock or from this batch, it flushes.
    handle.submit(JournalBatch(ticket: 2, operations: []))
    #expect(client.outcome(of: 2) == .synced)
    let syncs = journal.statistics.syncs
    for ticket in 3...10 as ClosedRange<UInt64> {
      handle.submit(JournalBatch(ticket: ticket, operations: []))
      client.outcome(of: ticket)
    }
    #expect(journal.statistics.syncs == syncs)
    try journal.close()
  }

  @Test("changes of one spool leave the neighbouring spools alone")
  func isolation() throws {
    let directory = try TemporaryDirectory()
    let (journal, _) = try Journal.open(path: directory.file())
    let client = RecordingClient()
    let handle = journal.client(client)
    let spools = ["a", "b", "c"].map(journal.spool)
    let last = JournalRow.sequenceEnd - 1
    let rows = [row(1), row(2), row(3), row(last)]
    handle.submit(JournalBatch(ticket: 1, operations: spools.map { .append($0, rows) }))
    handle.submit(JournalBatch(ticket: 2, operations: [.trim(spools[1], upTo: 2), .remove(spools[1], [last, 99])]))
    client.outcome(of: 2)
    #expect(try spools.map { try journal.all($0).map(\.sequence) } == [[1, 2, 3, last], [3], [1, 2, 3, last]])
    handle.submit(JournalBatch(ticket: 3, operations: [.trim(spools[1], upTo: .max), .trim(spools[0], upTo: last)]))
    client.outcome(of: 3)
    #expect(try spools.map { try journal.all($0).count } == [0, 0, 4])
    try journal.close()
  }

  @Test("amends what is known about a message without touching the message")
  func amend() throws {
    let directory = try TemporaryDirectory()
    let (journal, _) = try Journal.open(path: directory.file())
    let client = RecordingClient()
    let spool = journal.spool("a")
    journal.client(client).submit(
      JournalBatch(
        ticket: 1,
        operations: [
          .append(spool, [row(4, "body")]), .amend(spool, sequence: 4, meta: [1, 2, 3]),
          .amend(spool, sequence: 5, meta: [9]),
        ]))
    client.outcome(of: 1)
    #expect(try journal.all(spool).map(\.meta) == [[1, 2, 3]])
    #expect(try journal.all(spool).map(\.body) == [Array("body".utf8)])
    try journal.close()
  }

  @Test("small records are set, replaced, removed and found by prefix")
  func values() throws {
    let directory = try TemporaryDirectory()
    let (journal, _) = try Journal.open(path: directory.file())
    let client = RecordingClient()
    let handle = journal.client(client)
    handle.submit(
      JournalBatch(
        ticket: 1,
        operations: [
          .set(key: "roster/home/b", [2]), .set(key: "roster/home/a", []), .set(key: "roster/homé", [3]),
          .set(key: "session/home", [4]), .set(key: "session/home", [5]), .set(key: "", [6]),
          .set(key: "roster/gone", [7]), .set(key: "roster/gone", nil),
        ]))
    client.outcome(of: 1)
    #expect(try journal.values(prefix: "roster/home").map(\.key) == ["roster/home/a", "roster/home/b"])
    #expect(try journal.values(prefix: "roster/home").map(\.value) == [[], [2]])
    #expect(try journal.values(prefix: "session/").map(\.value) == [[5]])
    #expect(try journal.values(prefix: "").count == 5)
    try journal.close()
  }

  @Test("keeps one redelivery key for each packet id of a connection")
  func redeliveryKeys() throws {
    let directory = try TemporaryDirectory()
    let (journal, _) = try Journal.open(path: directory.file())
    let client = RecordingClient()
    let handle = journal.client(client)
    let (one, two) = (journal.spool("one"), journal.spool("two"))
    let keys = [
      RedeliveryKey(packet: 1, epoch: .min, hash: .max), RedeliveryKey(packet: .max, epoch: 2, hash: 3),
    ]
    let newer = RedeliveryKey(packet: 1, epoch: 3, hash: 4)
    handle.submit(
      JournalBatch(ticket: 1, operations: [.redelivery(one, keys), .redelivery(two, keys), .redelivery(two, [newer])]))
    client.outcome(of: 1)
    #expect(try journal.redeliveryKeys(of: one) == keys)
    #expect(try journal.redeliveryKeys(of: two) == [newer, keys[1]])
    handle.submit(JournalBatch(ticket: 2, operations: [.clearRedelivery(one)]))
    client.outcome(of: 2)
    #expect(try journal.redeliveryKeys(of: one) == [])
    #expect(try journal.redeliveryKeys(of: two).count == 2)
    try journal.close()
  }

  @Test("pages through 100,000 rows, each page bounded by rows or bytes")
  func paging() throws {
    let directory = try TemporaryDirectory()
    let (journal, _) = try Journal.open(path: directory.file())
    let client = RecordingClient()
    let handle = journal.client(client)
    let spool = journal.spool("a")
    let body = String(repeating: "x", count: 99)
    for start in stride(from: 1, through: 100_000, by: 10_000) as StrideThrough<UInt64> {
      let rows = (start..<(start + 10_000)).map { row($0, body) }
      handle.submit(JournalBatch(ticket: start, operations: [.append(spool, rows)]))
    }
    var after: UInt64 = 0
    var id: UInt64 = 0
    while true {
      id += 1
      // Every other page is bounded by its bytes: rows of 100 each.
      handle.load(id, from: spool, after: after, limit: 1000, maxBytes: id % 2 == 0 ? 50_000 : .max)
      let page = try client.page(id)
      #expect(page.rows.map(\.sequence) == Array((after + 1)..<(after + 1 + UInt64(page.rows.count))))
      after += UInt64(page.rows.count)
      if page.reachedEnd { break }
      #expect(page.rows.count == (id % 2 == 0 ? 500 : 1000))
    }
    #expect(after == 100_000)
    handle.load(0, from: spool, after: 10, limit: 0, maxBytes: 0)
    #expect(try client.page(0) == JournalPage(rows: [row(11, body)], reachedEnd: false))
    try journal.close()
  }

  @Test("a load sees what was submitted before it")
  func loadAfterSubmit() throws {
    let directory = try TemporaryDirectory()
    let (journal, _) = try Journal.open(path: directory.file())
    let client = RecordingClient()
    let handle = journal.client(client)
    let spool = journal.spool("a")
    for number in 1...100 as ClosedRange<UInt64> {
      handle.submit(JournalBatch(ticket: number, operations: [.append(spool, [row(number)])]))
      handle.load(number, from: spool, after: number - 1, limit: 1)
    }
    for number in 1...100 as ClosedRange<UInt64> {
      #expect(try client.page(number).rows == [row(number)])
    }
    try journal.close()
  }

  @Test("a client that is gone is not told, and its changes are made")
  func goneClient() throws {
    let directory = try TemporaryDirectory()
    let (journal, _) = try Journal.open(path: directory.file())
    let spool = journal.spool("a")
    journal.client(RecordingClient()).submit(JournalBatch(ticket: 1, operations: [.append(spool, [row(1)])]))
    try journal.close()
    let (again, recovered) = try Journal.open(path: directory.file())
    #expect(recovered.spools.map(\.count) == [1])
    try again.close()
  }

  @Test("closing answers what was submitted before; afterwards reading is refused and closing does nothing")
  func closing() throws {
    let directory = try TemporaryDirectory()
    let (journal, _) = try Journal.open(path: directory.file())
    let client = RecordingClient()
    let spool = journal.spool("a")
    for ticket in 1...100 as ClosedRange<UInt64> {
      journal.client(client).submit(JournalBatch(ticket: ticket, operations: [.append(spool, [row(ticket)])]))
    }
    try journal.close()
    #expect(client.soFar.completions.count == 100)
    #expect(throws: JournalError.closed) { try journal.values(prefix: "") }
    try journal.close()
  }

  @Test("a journal that nobody holds any more is closed")
  func forgotten() throws {
    let directory = try TemporaryDirectory()
    do {
      let (journal, _) = try Journal.open(path: directory.file())
      journal.client(RecordingClient()).submit(JournalBatch(ticket: 1, operations: [.set(key: "a", [1])]))
    }
    let (journal, recovered) = try Journal.open(path: directory.file())
    #expect(recovered.continuity == .interrupted)
    #expect(try journal.values(prefix: "a").count == 1)
    try journal.close()
  }
}
