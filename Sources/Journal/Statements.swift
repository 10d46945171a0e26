/// The statements of the journal, prepared once, and what each change means in rows.
final class Statements {
  private let begin: Statement
  private let commit: Statement
  private let insert: Statement
  private let amend: Statement
  private let delete: Statement
  private let page: Statement
  private let setValue: Statement
  private let deleteValue: Statement
  private let values: Statement
  private let setKey: Statement
  private let deleteKeys: Statement
  private let keys: Statement
  private let addSpool: Statement
  private let setMeta: Statement
  private let meta: Statement

  init(_ database: borrowing Database) throws(SQLiteError) {
    begin = try database.prepare("BEGIN IMMEDIATE")
    commit = try database.prepare("COMMIT")
    insert = try database.prepare("INSERT OR REPLACE INTO message VALUES (?1, ?2, ?3, ?4, ?5)")
    amend = try database.prepare("UPDATE message SET meta = ?2 WHERE id = ?1")
    delete = try database.prepare("DELETE FROM message WHERE id BETWEEN ?1 AND ?2")
    page = try database.prepare("SELECT * FROM message WHERE id BETWEEN ?1 AND ?2 ORDER BY id")
    setValue = try database.prepare("INSERT OR REPLACE INTO value VALUES (?1, ?2)")
    deleteValue = try database.prepare("DELETE FROM value WHERE key = ?1")
    values = try database.prepare("SELECT key, value FROM value WHERE key >= ?1 ORDER BY key")
    setKey = try database.prepare("INSERT OR REPLACE INTO redelivery VALUES (?1, ?2, ?3)")
    deleteKeys = try database.prepare("DELETE FROM redelivery WHERE id BETWEEN ?1 AND ?2")
    keys = try database.prepare("SELECT * FROM redelivery WHERE id BETWEEN ?1 AND ?2 ORDER BY id")
    addSpool = try database.prepare("INSERT OR REPLACE INTO spool VALUES (?1, ?2)")
    setMeta = try database.prepare("INSERT OR REPLACE INTO meta VALUES (?1, ?2)")
    meta = try database.prepare("SELECT value FROM meta WHERE key = ?1")
  }

  // MARK: Changes

  /// Begins a transaction.
  func beginTransaction() throws(SQLiteError) { try begin.run() }

  /// Ends it, and everything in it is in effect.
  func commitTransaction() throws(SQLiteError) { try commit.run() }

  func apply(_ operation: JournalOperation) throws(SQLiteError) {
    switch operation {
    case .append(let spool, let rows):
      for row in rows { try add(row, to: spool) }
    case .amend(let spool, let sequence, let meta):
      amend.bind(1, spool.key(sequence))
      try amend.run(binding: 2, meta)
    case .trim(let spool, let last):
      try delete(from: spool.key(0), through: spool.key(last))
    case .remove(let spool, let sequences):
      for sequence in sequences { try delete(from: spool.key(sequence), through: spool.key(sequence)) }
    case .set(let key, .some(let value)):
      setValue.bind(1, key)
      try setValue.run(binding: 2, value)
    case .set(let key, nil):
      deleteValue.bind(1, key)
      try deleteValue.run()
    case .redelivery(let connection, let keys):
      for key in keys {
        setKey.bind(1, connection.redeliveryKey(key.packet))
        setKey.bind(2, key.epoch)
        setKey.bind(3, Int64(bitPattern: key.hash))
        try setKey.run()
      }
    case .clearRedelivery(let connection):
      deleteKeys.bind(1, connection.redeliveryKey(.min))
      deleteKeys.bind(2, connection.redeliveryKey(.max))
      try deleteKeys.run()
    }
  }

  /// Gives a spool's number its name.
  func add(_ spool: JournalSpool, name: String) throws(SQLiteError) {
    addSpool.bind(1, spool.id)
    addSpool.bind(2, name)
    try addSpool.run()
  }

  /// The epoch of the log whose records are not in the database yet.
  func logEpoch() throws(SQLiteError) -> Int64 { try metaInteger("log_epoch") }

  /// Everything in logs before this epoch is in the database.
  func setLogEpoch(_ epoch: Int64) throws(SQLiteError) { try set("log_epoch", epoch) }

  /// Marks the file as complete.
  func markClosed() throws(SQLiteError) { try set("closed", 1) }

  private func add(_ row: JournalRow, to spool: JournalSpool) throws(SQLiteError) {
    insert.bind(1, spool.key(row.sequence))
    insert.bind(2, row.time)
    insert.bind(3, Int64(row.kind))
    try insert.run(binding: 4, row.meta, 5, row.body)
  }

  private func delete(from first: Int64, through last: Int64) throws(SQLiteError) {
    delete.bind(1, first)
    delete.bind(2, last)
    try delete.run()
  }

  // MARK: Reading

  func page(of spool: JournalSpool, after: UInt64, limit: Int, maxBytes: Int) throws(SQLiteError) -> JournalPage {
    defer { page.reset() }
    page.bind(1, spool.key(after) + 1)
    page.bind(2, spool.key(.max))
    var rows: [JournalRow] = []
    var bytes = 0
    while try page.step() {
      if !rows.isEmpty, rows.count == limit || bytes >= maxBytes { return JournalPage(rows: rows, reachedEnd: false) }
      let sequence = JournalSpool.sequence(page.integer(0))
      guard sequence > after else { throw .damage("rows are out of order") }
      rows.append(
        JournalRow(
          sequence: sequence, time: page.integer(1),
          kind: UInt8(truncatingIfNeeded: page.integer(2)), meta: page.bytes(3), body: page.bytes(4)))
      bytes += rows[rows.count - 1].bytes
    }
    return JournalPage(rows: rows, reachedEnd: true)
  }

  func values(prefix: String) throws(SQLiteError) -> [(key: String, value: [UInt8])] {
    defer { values.reset() }
    values.bind(1, prefix)
    var found: [(key: String, value: [UInt8])] = []
    while try values.step() {
      let key = values.text(0)
      guard key.utf8.starts(with: prefix.utf8) else { break }
      found.append((key, values.bytes(1)))
    }
    return found
  }

  func redeliveryKeys(of connection: JournalSpool) throws(SQLiteError) -> [RedeliveryKey] {
    defer { keys.reset() }
    keys.bind(1, connection.redeliveryKey(.min))
    keys.bind(2, connection.redeliveryKey(.max))
    var found: [RedeliveryKey] = []
    while try keys.step() {
      found.append(
        RedeliveryKey(
          packet: UInt16(truncatingIfNeeded: keys.integer(0)), epoch: keys.integer(1),
          hash: UInt64(bitPattern: keys.integer(2))))
    }
    return found
  }

  // MARK: Taking possession

  /// Reads what the last owner left, and writes on disk who the owner is now, so that a mark of orderly closing cannot outlive
  /// what is written from here on.
  func takePossession(
    of database: borrowing Database, identity: StateFile.Identity
  ) throws(SQLiteError) -> Recovered {
    let generation = min(max(try metaInteger("generation"), 0), .max - 1)
    let bootID = StateFile.bootID()
    let continuity: Recovered.Continuity =
      if generation == 0 {
        .new
      } else if try isCopy(identity) {
        .copied
      } else if try metaInteger("closed") == 1 {
        .closed
      } else if !bootID.isEmpty, try metaText("boot_id") == bootID {
        .interrupted
      } else {
        .uncertain
      }
    var doubts = try metaInteger("doubts")
    switch continuity {
    case .new, .closed, .interrupted: break
    case .uncertain, .copied:
      doubts &+= 1
      // Whatever took the system down, or made the copy, may have left pages behind that do not belong together.
      let verdict = try database.text("PRAGMA quick_check(1)")
      if verdict != "ok" { throw .damage(verdict) }
    }
    let spools = try spools(in: database)
    try beginTransaction()
    try set("generation", generation + 1)
    try set("doubts", doubts)
    try set("inode", identity.inode)
    try set("born", identity.born)
    try set("closed", 0)
    try set("boot_id", bootID)
    try commitTransaction()
    return Recovered(
      continuity: continuity, generation: generation + 1, doubts: UInt64(max(doubts, 0)), spools: spools)
  }

  /// Whether the last owner had another file. One that did not note when its file was made is believed.
  private func isCopy(_ identity: StateFile.Identity) throws(SQLiteError) -> Bool {
    let born = try metaInteger("born")
    return try metaInteger("inode") != identity.inode || born != 0 && born != identity.born
  }

  private func spools(in database: borrowing Database) throws(SQLiteError) -> [Recovered.Spool] {
    let names = try database.prepare("SELECT id, name FROM spool ORDER BY id")
    // The lowest and the highest are looked up from either end; the sums read every row once, but no long bodies.
    let sums = try database.prepare(
      """
      SELECT (SELECT min(id) FROM message WHERE id BETWEEN ?1 AND ?2),
        (SELECT max(id) FROM message WHERE id BETWEEN ?1 AND ?2), count(*), sum(length(meta) + length(body))
      FROM message WHERE id BETWEEN ?1 AND ?2
      """)
    var found: [Recovered.Spool] = []
    while try names.step() {
      let spool = JournalSpool(id: names.integer(0))
      guard JournalSpool.ids.contains(spool.id) else { throw .damage("a spool has no number") }
      sums.bind(1, spool.key(0))
      sums.bind(2, spool.key(.max))
      guard try sums.step() else { continue }
      let count = Int(sums.integer(2))
      found.append(
        Recovered.Spool(
          spool: spool, name: names.text(1), first: count == 0 ? nil : JournalSpool.sequence(sums.integer(0)),
          last: count == 0 ? nil : JournalSpool.sequence(sums.integer(1)), count: count, bytes: Int(sums.integer(3))))
      sums.reset()
    }
    return found
  }

  private func set(_ key: String, _ value: Int64) throws(SQLiteError) {
    setMeta.bind(1, key)
    setMeta.bind(2, value)
    try setMeta.run()
  }

  private func set(_ key: String, _ value: String) throws(SQLiteError) {
    setMeta.bind(1, key)
    setMeta.bind(2, value)
    try setMeta.run()
  }

  private func metaInteger(_ key: String) throws(SQLiteError) -> Int64 {
    defer { meta.reset() }
    meta.bind(1, key)
    return try meta.step() ? meta.integer(0) : 0
  }

  private func metaText(_ key: String) throws(SQLiteError) -> String {
    defer { meta.reset() }
    meta.bind(1, key)
    return try meta.step() ? meta.text(0) : ""
  }
}

extension JournalSpool {
  /// A row's key leaves so much room for it.
  fileprivate static var ids: Range<Int64> { 1..<(1 << 23) }

  /// The key of a row; sequences that no row can have stand for the last.
  fileprivate func key(_ sequence: UInt64) -> Int64 {
    id << 40 | Int64(min(sequence, JournalRow.sequenceEnd - 1))
  }

  fileprivate static func sequence(_ key: Int64) -> UInt64 {
    UInt64(bitPattern: key) & (JournalRow.sequenceEnd - 1)
  }

  fileprivate func redeliveryKey(_ packet: UInt16) -> Int64 { id << 16 | Int64(packet) }
}
