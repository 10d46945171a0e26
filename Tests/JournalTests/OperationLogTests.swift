import CSQLite
import Glibc
import Testing

@testable import Journal

@Suite("The log of changes")
struct OperationLogTests {
  private static let spool = JournalSpool(id: 3)
  private static let every: [LoggedOperation] = [
    .spool(spool, name: "käse"),
    .operation(.append(spool, [row(1, "one"), JournalRow(sequence: 2, time: -1, kind: 255, meta: [], body: [])])),
    .operation(.append(spool, [])), .operation(.amend(spool, sequence: 2, meta: [9, 8])),
    .operation(.trim(spool, upTo: .max)), .operation(.remove(spool, [1, 2, 3])), .operation(.set(key: "ключ", [0])),
    .operation(.set(key: "", [])), .operation(.set(key: "gone", nil)),
    .operation(.redelivery(spool, [RedeliveryKey(packet: .max, epoch: .min, hash: .max)])),
    .operation(.clearRedelivery(spool)),
  ]

  private static func record(_ operations: [LoggedOperation]) -> [UInt8] {
    var encoder = OperationEncoder()
    for operation in operations {
      switch operation {
      case .operation(let operation): encoder.add(operation)
      case .spool(let spool, let name): encoder.add(spool, name: name)
      }
    }
    return encoder.withRecord { Array($0) }
  }

  private static func decoded(_ payload: ArraySlice<UInt8>) throws -> [LoggedOperation] {
    var decoder = OperationDecoder(payload)
    var found: [LoggedOperation] = []
    while let operation = try decoder.next() { found.append(operation) }
    return found
  }

  @Test("every change is read back as it was")
  func roundTrip() throws {
    let record = Self.record(Self.every)
    #expect(try Self.decoded(record[OperationLog.recordHeader...]) == Self.every)
  }

  @Test("what is cut short, or says what nobody knows, is damage and not a crash")
  func damage() throws {
    for operation in Self.every {
      let payload = Self.record([operation])[OperationLog.recordHeader...]
      for length in 1..<payload.count {
        #expect(throws: SQLiteError.self) { try Self.decoded(payload.prefix(length)) }
      }
    }
    #expect(throws: SQLiteError.self) { try Self.decoded([200, 1, 2, 3]) }
    // A row whose sequence no row can have.
    #expect(throws: SQLiteError.self) {
      try Self.decoded([1] + [UInt8](repeating: 1, count: 8) + [1, 0, 0, 0] + [UInt8](repeating: 0, count: 25))
    }
  }

  /// A log with three records of one operation each.
  private func threeRecords(_ path: String) throws -> [ArraySlice<UInt8>] {
    let log = try OperationLog(beside: path, fileSystem: nil)
    #expect(try log.records(of: 7) == [])
    var payloads: [ArraySlice<UInt8>] = []
    for number in 1...3 as ClosedRange<UInt64> {
      var record = Self.record([.operation(.append(Self.spool, [row(number, "row \(number)")]))])
      try record.withUnsafeMutableBytes { try log.append($0) }
      payloads.append(record[OperationLog.recordHeader...])
    }
    return payloads
  }

  @Test("whatever byte is lost or wrong, what is read is a prefix of what was written")
  func prefix() throws {
    let directory = try TemporaryDirectory()
    // The log has the rights of the state file.
    try write([], to: directory.file())
    let payloads = try threeRecords(directory.file())
    let whole = try #require(contents(OperationLog.path(beside: directory.file())))
    func records(of bytes: [UInt8]) throws -> [ArraySlice<UInt8>] {
      try write(bytes, to: OperationLog.path(beside: directory.file()))
      return try OperationLog(beside: directory.file(), fileSystem: nil).records(of: 7)
    }
    #expect(try records(of: whole) == payloads)
    for length in 0..<whole.count {
      let found = try records(of: Array(whole.prefix(length)))
      #expect(found.count < 3 && found == Array(payloads.prefix(found.count)))
    }
    for position in 0..<whole.count {
      var bytes = whole
      bytes[position] ^= 0x40
      let found = try records(of: bytes)
      // The rest of the header is there for later.
      #expect((24..<32).contains(position) || found.count < 3 && found == Array(payloads.prefix(found.count)))
    }
  }

  @Test("another epoch's records count for nothing, though they are still there")
  func epochs() throws {
    let directory = try TemporaryDirectory()
    // The log has the rights of the state file.
    try write([], to: directory.file())
    let payloads = try threeRecords(directory.file())
    let size = try #require(contents(OperationLog.path(beside: directory.file()))).count
    let log = try OperationLog(beside: directory.file(), fileSystem: nil)
    #expect(try log.records(of: 8) == [])
    // The same record as before, in the same place: the two behind it do not come back to life.
    var record = [UInt8](repeating: 0, count: OperationLog.recordHeader) + payloads[0]
    try record.withUnsafeMutableBytes { try log.append($0) }
    #expect(try #require(contents(OperationLog.path(beside: directory.file()))).count == size)
    #expect(try OperationLog(beside: directory.file(), fileSystem: nil).records(of: 8) == [payloads[0]])
    #expect(try OperationLog(beside: directory.file(), fileSystem: nil).records(of: 7) == [])
  }

  @Test("a record that was taken back is written over, and what is left of it is not read")
  func takenBack() throws {
    let directory = try TemporaryDirectory()
    // The log has the rights of the state file.
    try write([], to: directory.file())
    let log = try OperationLog(beside: directory.file(), fileSystem: nil)
    #expect(try log.records(of: 1) == [])
    let mark = log.mark
    var long = Self.record([.operation(.set(key: "long", [UInt8](repeating: 1, count: 500)))])
    try long.withUnsafeMutableBytes { try log.append($0) }
    log.goBack(to: mark)
    var short = Self.record([.operation(.set(key: "short", [1]))])
    try short.withUnsafeMutableBytes { try log.append($0) }
    #expect(
      try OperationLog(beside: directory.file(), fileSystem: nil).records(of: 1) == [
        short[OperationLog.recordHeader...]
      ])
  }

  @Test("a state file from before there was a log is taken over")
  func olderFormat() throws {
    let directory = try TemporaryDirectory()
    try write([], to: directory.file())
    do {
      let database = try Database(path: directory.file(), fileSystem: nil)
      try Schema.migrate(database, path: directory.file(), migrations: Array(Schema.migrations.prefix(1)))
      let statements = try Statements(database)
      try statements.add(Self.spool, name: "a")
      try statements.apply(.append(Self.spool, [row(1, "kept")]))
      _ = try statements.takePossession(of: database, identity: StateFile.identity(directory.file()))
    }
    let (journal, recovered) = try Journal.open(path: directory.file())
    #expect(recovered.continuity == .interrupted && recovered.generation == 2)
    #expect(try journal.all(journal.spool("a")) == [row(1, "kept")])
    try journal.close()
  }

  @Test("the log of a file that is gone is not taken for that of a new one")
  func leftBehind() throws {
    let directory = try TemporaryDirectory()
    let (journal, _) = try Journal.open(path: directory.file())
    let client = RecordingClient()
    journal.client(client).submit(JournalBatch(ticket: 1, operations: [.append(journal.spool("a"), [row(1)])]))
    client.outcome(of: 1)
    try journal.close(clean: false)
    for suffix in ["", "-wal"] { unlink(directory.file() + suffix) }
    let (new, recovered) = try Journal.open(path: directory.file())
    #expect(recovered == Recovered(continuity: .new, generation: 1, doubts: 0, spools: []))
    try new.close()
  }
}
