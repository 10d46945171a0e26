internal import Platform

/// The journal's files: an SQLite database and, before it, a log of changes. Blocks; used by one thread at a time.
///
/// What is durable when, and why:
/// - A commit appends one record to the log (``OperationLog``) with one plain write. It is in the kernel's hands and survives
///   the end of the process, not a power cut. What of it matters is kept in memory, too (``PendingChanges``).
/// - A sync flushes the log. The flush covers the whole file, so everything committed before is on disk too.
/// - When the log has grown long it is folded: what is pending goes into the database in one flushed transaction, together with the
///   number of the next epoch, in which the log is then written from its beginning. At the start the log counts only if
///   its epoch is the database's, and is read up to the first record whose checksum fails: after a power cut a prefix of the
///   commits, never less than what was synced. The database is never ahead of the log it counts: what would be told twice is
///   told by a log that does not count any more.
/// - Folding happens between commits rather than inside one, and rarely (``Options/logBytes``): clients do not wait for it, and a
///   quiet link causes few flushes. Most rows are gone by then and never reach the database.
/// - SQLite has a log of its own in front of the database (WAL), which is copied and flushed in its turn
///   (``Options/checkpointPages``).
/// - After a failed flush, or a failed write, the kernel may hold pages for written that never reached the disk, so that a later
///   flush of the same file would prove nothing about them. Before the next commit SQLite's log is therefore written over itself and
///   flushed, and everything pending folded into it; until that succeeds everything fails. The database needs no such care: what a
///   failed checkpoint copied is copied again.
/// - On a full disk the log is folded, and the commit tried once more: it then overwrites the log from its beginning,
///   which needs no room. So a full disk is felt only when messages pile up. And lest SQLite's log take the room itself that
///   copying it needs, it is copied early where little is left.
final class Store {
  /// What only tests set otherwise.
  struct Options: Sendable {
    /// The name of a registered SQLite file system; nil for the operating system's.
    var fileSystem: String?
    /// The length of the log from which on it is folded: 8 MiB.
    var logBytes = 8 << 20
    /// Pages in SQLite's log from which on it is copied into the database: 16 MiB.
    var checkpointPages = 4096
  }

  let path: String
  /// What was found.
  let recovered: Recovered
  private let statements: Statements
  private let database: Database
  private let log: OperationLog
  /// Released last: properties go in the order in which they stand here, and the database is closed before.
  let lock: OwnerLock
  private let options: Options

  /// The record that goes to the log next.
  private var encoder = OperationEncoder()
  /// What is in the log and not in the database.
  private var pending = PendingChanges()
  /// The epoch of the log.
  private var epoch: Int64
  /// From which length on the log is folded; more after an attempt that failed.
  private var foldDue: Int
  /// Pages appended to SQLite's log since it was last copied as a whole.
  private var logPages = 0
  /// From how many pages on it is copied; more after an attempt that failed.
  private var checkpointDue: Int
  /// From how many pages on it is to be seen whether the disk has the room to copy it.
  private var lookDue = 0
  /// Whether pages that the system holds for written may never reach the disk.
  private(set) var isInDoubt = false
  /// Whether there are commits that a power cut could undo.
  private(set) var isDirty = false
  /// What has been done.
  private(set) var statistics: JournalStatistics

  /// Opens or makes the file and takes it into possession.
  /// - Parameters:
  ///   - path: the file; missing directories above it are made.
  ///   - lock: the right to it, if this process has it already.
  ///   - isInDoubt: an earlier store of this process was in doubt when it was given up.
  ///   - statistics: what has been done until now.
  init(
    path: String, options: Options = Options(), lock: OwnerLock? = nil, isInDoubt: Bool = false,
    statistics: JournalStatistics = JournalStatistics()
  ) throws(JournalError) {
    try StateFile.makeParent(of: path)
    let lock = if let lock { lock } else { try OwnerLock(path: path) }
    try StateFile.make(path)
    let database = try Self.connect(to: path, fileSystem: options.fileSystem)
    try Schema.migrate(database, path: path)
    do {
      try database.execute(
        """
        PRAGMA journal_mode = WAL;
        PRAGMA synchronous = FULL;
        PRAGMA wal_autocheckpoint = 0;
        PRAGMA journal_size_limit = 16777216;
        PRAGMA secure_delete = FAST;
        PRAGMA temp_store = MEMORY;
        PRAGMA trusted_schema = OFF;
        PRAGMA cell_size_check = ON;
        """)
      let statements = try Statements(database)
      if isInDoubt { try database.rewriteLog() }
      log = try OperationLog(beside: path, fileSystem: options.fileSystem)
      let epoch = try statements.logEpoch()
      var pending = try Self.pending(in: log, epoch: epoch)
      recovered = try Self.retryingIfFull(database) { () throws(SQLiteError) in
        if !pending.isEmpty { try Self.fold(&pending, into: statements, nextEpoch: epoch + 1) }
        return try statements.takePossession(of: database, identity: StateFile.identity(path))
      }
      self.epoch = pending.isEmpty ? epoch : epoch + 1
      if !pending.isEmpty { try log.restart(epoch: epoch + 1) }
      self.statements = statements
    } catch {
      throw error.asJournalError(path)
    }
    try? Self.reserveRoom(statements, database, path: path)
    _ = database.takeWrittenPages()
    self.database = database
    self.lock = lock
    self.path = path
    self.options = options
    self.statistics = statistics
    self.statistics.lastFailure = nil
    logPages = StateFile.size(path + "-wal") / Self.pageBytes
    checkpointDue = options.checkpointPages
    foldDue = options.logBytes
  }

  private static func connect(to path: String, fileSystem: String?) throws(JournalError) -> Database {
    do {
      let database = try Database(path: path, fileSystem: fileSystem)
      // Until it is known to be ours nothing is done to it, and closing it does nothing either.
      database.keepLogOnClose(true)
      // No other process reads along, so the log's index stays in memory and a transaction takes no locks.
      try database.execute("PRAGMA locking_mode = EXCLUSIVE")
      return database
    } catch {
      throw error.asJournalError(path)
    }
  }

  /// Sees to it that a log of few rows can be folded though the disk is full: in SQLite's log there is room to write
  /// over, and in the database there are free pages.
  private static func reserveRoom(
    _ statements: Statements, _ database: borrowing Database, path: String
  ) throws(SQLiteError) {
    let free = try database.integer("PRAGMA freelist_count")
    guard free < reserve || StateFile.size(path + "-wal") < Int(reserve) * pageBytes else { return }
    try statements.apply(.set(key: "reserve", [UInt8](repeating: 0, count: Int(reserve) * pageBytes)))
    try statements.apply(.set(key: "reserve", nil))
    _ = try database.checkpoint(truncating: false)
  }

  /// In pages.
  private static let reserve: Int64 = 32

  /// What the log holds that the database does not.
  private static func pending(in log: OperationLog, epoch: Int64) throws(SQLiteError) -> PendingChanges {
    var pending = PendingChanges()
    for record in try log.records(of: epoch) {
      var decoder = OperationDecoder(record)
      while let change = try decoder.next() {
        switch change {
        case .operation(let operation): pending.add([operation])
        case .spool(let spool, let name): pending.add(spool, name: name)
        }
      }
    }
    return pending
  }

  // MARK: Writing

  /// Makes changes together, all of them or none.
  /// - Parameters:
  ///   - batches: the changes, in order.
  ///   - spools: spools that were made since the last successful call.
  ///   - sync: whether they, and everything before them, have to be flushed to disk.
  ///   - mayFold: whether the log may be folded, which takes its time, where a full disk leaves nothing else.
  /// - Returns: whether everything committed until now has been flushed.
  func commit(
    _ batches: [[JournalOperation]], spools: [(spool: JournalSpool, name: String)] = [], sync: Bool,
    mayFold: Bool = true
  ) throws(JournalError) -> Bool {
    let isEmpty = spools.isEmpty && batches.allSatisfy { $0.isEmpty }
    if isEmpty, !(sync && isDirty) { return !isDirty }
    do throws(SQLiteError) {
      if isInDoubt { try dispelDoubt() }
      let mark = isEmpty ? log.mark : try append(batches, spools, mayFold: mayFold)
      do throws(SQLiteError) {
        if sync { try log.flush() }
      } catch {
        log.goBack(to: mark)
        throw error
      }
    } catch {
      throw failed(error)
    }
    for (spool, name) in spools { pending.add(spool, name: name) }
    for operations in batches { pending.add(operations) }
    isDirty = !sync
    statistics.transactions += 1
    if sync { statistics.syncs += 1 }
    statistics.lastFailure = nil
    return sync
  }

  /// Appends a record to the log; returns where it begins.
  private func append(
    _ batches: [[JournalOperation]], _ spools: [(spool: JournalSpool, name: String)], mayFold: Bool
  ) throws(SQLiteError) -> OperationLog.Mark {
    encoder.begin()
    for (spool, name) in spools { encoder.add(spool, name: name) }
    for operations in batches { for operation in operations { encoder.add(operation) } }
    var mark = log.mark
    do throws(SQLiteError) {
      try appendEncoded()
    } catch {
      guard mayFold, error.isFull, (try? fold()) != nil else { throw error }
      mark = log.mark
      try appendEncoded()
    }
    return mark
  }

  private func appendEncoded() throws(SQLiteError) {
    try unsafe encoder.withRecord { [log] (record) throws(SQLiteError) in try unsafe log.append(record) }
  }

  /// Puts what is pending into the database, and begins the log anew.
  private func fold() throws(SQLiteError) {
    do throws(SQLiteError) {
      try Self.retryingIfFull(database) { () throws(SQLiteError) in
        try Self.fold(&pending, into: statements, nextEpoch: epoch + 1)
      }
    } catch {
      throw doubting(error)
    }
    logPages += database.takeWrittenPages()
    epoch += 1
    pending = PendingChanges()
    isDirty = false
    statistics.syncs += 1
    statistics.checkpoints += 1
    do throws(SQLiteError) {
      try log.restart(epoch: epoch)
    } catch {
      // Without its new beginning it counts for nothing, and neither would what is appended to it.
      isInDoubt = true
      throw error
    }
  }

  private static func fold(
    _ pending: inout PendingChanges, into statements: Statements, nextEpoch: Int64
  ) throws(SQLiteError) {
    try statements.beginTransaction()
    try pending.apply(to: statements)
    try statements.setLogEpoch(nextEpoch)
    try statements.commitTransaction()
  }

  /// Does it again if the disk is full and SQLite's log can be copied, so that it need not grow. What a failure leaves of a
  /// transaction is rolled back.
  private static func retryingIfFull<Value>(
    _ database: borrowing Database, _ body: () throws(SQLiteError) -> Value
  ) throws(SQLiteError) -> Value {
    func attempt() throws(SQLiteError) -> Value {
      do throws(SQLiteError) {
        return try body()
      } catch {
        // Some errors have ended the transaction already.
        if database.isInTransaction { try? database.execute("ROLLBACK") }
        throw error
      }
    }
    do throws(SQLiteError) {
      return try attempt()
    } catch {
      guard error.isFull, (try? database.checkpoint(truncating: false)) == true else { throw error }
      return try attempt()
    }
  }

  /// Whether ``copyIfDue()`` has something to do.
  var isCopyDue: Bool { log.bytes >= foldDue || logPages >= min(lookDue, checkpointDue) }

  /// Folds the log, and copies that of SQLite, if they have grown long. A failure is counted and made up for later.
  func copyIfDue() {
    if log.bytes >= foldDue {
      foldDue = options.logBytes
      do {
        try fold()
      } catch {
        foldDue = log.bytes + options.logBytes / 4
        _ = failed(error)
      }
    }
    checkpointIfDue()
  }

  private func checkpointIfDue() {
    guard logPages >= min(lookDue, checkpointDue) else { return }
    // The database grows by as much as the log at most.
    let spare = (DiskRoom(at: path)?.free).map { $0 / Self.pageBytes - logPages } ?? .max
    guard logPages >= checkpointDue || logPages > 0 && spare < Self.sparePages else {
      lookDue = logPages + max(spare / 2, 1)
      return
    }
    do {
      try checkpoint()
      lookDue = 0
    } catch {
      checkpointDue = max(checkpointDue, logPages + options.checkpointPages / 4)
      lookDue = logPages + Self.sparePages / 4
      _ = failed(error)
    }
  }

  private static let pageBytes = 4096
  /// Enough for an ordinary transaction.
  private static let sparePages = 64

  /// Marks the file as complete and copies the logs, so that the database alone is the whole state.
  func finish() throws(JournalError) {
    do {
      if isInDoubt { try dispelDoubt() }
      if !pending.isEmpty { try fold() }
      try giveBackRoom()
      try statements.markClosed()
    } catch {
      throw failed(error)
    }
    statistics.transactions += 1
    statistics.syncs += 1
    isDirty = false
    // The mark is on disk. What is left is convenience: a log that is not copied now is replayed at the next start.
    _ = try? database.checkpoint(truncating: true)
    database.keepLogOnClose(false)
    log.remove()
  }

  /// A backlog leaves a file of its size behind, most of it free. When what is left can be copied at little cost, it is.
  private func giveBackRoom() throws(SQLiteError) {
    let pages = try database.integer("PRAGMA page_count")
    let free = try database.integer("PRAGMA freelist_count")
    if pages > 1024, pages - free < 256 { try database.execute("VACUUM") }
  }

  /// Copies SQLite's log.
  private func checkpoint() throws(SQLiteError) {
    guard try database.checkpoint(truncating: false) else { return }
    _ = database.takeWrittenPages()
    logPages = 0
    checkpointDue = options.checkpointPages
  }

  private func dispelDoubt() throws(SQLiteError) {
    do throws(SQLiteError) {
      try database.rewriteLog()
      // Only now: folding may leave doubts of its own.
      isInDoubt = false
      try fold()
    } catch {
      isInDoubt = true
      throw error
    }
  }

  /// Takes note of what an error means for what was written before.
  private func doubting(_ error: SQLiteError) -> SQLiteError {
    if error.castsDoubt { isInDoubt = true }
    return error
  }

  private func failed(_ error: SQLiteError) -> JournalError {
    statistics.failures += 1
    let error = doubting(error).asJournalError(path)
    statistics.lastFailure = error
    return error
  }

  // MARK: Reading

  /// Rows of a spool; see ``JournalHandle/load(_:from:after:limit:maxBytes:)``.
  func page(of spool: JournalSpool, after: UInt64, limit: Int, maxBytes: Int) throws(JournalError) -> JournalPage {
    try reading { () throws(SQLiteError) in
      let page = try statements.page(of: spool, after: after, limit: limit, maxBytes: maxBytes)
      if let page = pending.changing(page, of: spool, after: after, limit: limit, maxBytes: maxBytes) { return page }
      try fold()
      return try statements.page(of: spool, after: after, limit: limit, maxBytes: maxBytes)
    }
  }

  /// Small records whose key begins with `prefix`, in order of key.
  func values(prefix: String) throws(JournalError) -> [(key: String, value: [UInt8])] {
    try reading { () throws(SQLiteError) in
      if !pending.isEmpty { try fold() }
      return try statements.values(prefix: prefix)
    }
  }

  /// The redelivery keys of a connection, in order of packet id.
  func redeliveryKeys(of connection: JournalSpool) throws(JournalError) -> [RedeliveryKey] {
    try reading { () throws(SQLiteError) in
      if !pending.isEmpty { try fold() }
      return try statements.redeliveryKeys(of: connection)
    }
  }

  private func reading<Value>(_ body: () throws(SQLiteError) -> Value) throws(JournalError) -> Value {
    do {
      return try body()
    } catch {
      throw error.asJournalError(path)
    }
  }
}
