internal import Platform

/// The journal's file: one SQLite database with a write-ahead log (WAL). Blocks; used by one thread at a time.
///
/// What is durable when, and why:
/// - An ordinary commit (`synchronous=NORMAL`) appends its pages to the log with plain writes. They are in the kernel's hands
///   and survive the end of the process, not a power cut.
/// - A sync is a commit in `FULL` mode: after appending, SQLite flushes the log. The flush covers the whole file, so everything
///   committed before is on disk too. A transaction that changes nothing would write and so flush nothing; hence ``meta``'s counter.
/// - A checkpoint copies the log into the database. SQLite flushes the log before it copies and the database after, and only
///   when everything has been copied and flushed is the log written from its beginning again. So what a sync has promised is
///   at every moment either in the flushed log or in the flushed database; and a complete checkpoint is itself a sync.
///   After a power cut the log is replayed up to the first frame whose checksum fails: a prefix of the commits, never less than
///   what was synced.
/// - Checkpoints run between transactions rather than inside a commit, and rarely (``Options/checkpointPages``): clients do not wait
///   for them, and a quiet link causes few flushes.
/// - After a failed flush the kernel may hold pages for written that never reached the disk, so that a later flush of the log
///   would prove nothing about them. Before the next transaction the whole log is therefore written over itself and flushed;
///   until that succeeds everything fails. The database needs no such care: what a failed checkpoint copied is copied again.
/// - On a full disk the log is copied, as far as the database has free pages, and the transaction tried once more: it then
///   overwrites the log from its beginning, which needs no room. So a full disk is felt only when messages pile up. And lest
///   the log take the room itself that copying it needs, it is copied early where little is left.
final class Store {
  /// What only tests set otherwise.
  struct Options: Sendable {
    /// The name of a registered SQLite file system; nil for the operating system's.
    var fileSystem: String?
    /// How many pages the database may grow to; 0: as many as SQLite can handle.
    var maxPages = 0
    /// Pages in the log from which on it is copied into the database: 16 MiB.
    var checkpointPages = 4096
  }

  let path: String
  /// What was found.
  let recovered: Recovered
  private let statements: Statements
  private let database: Database
  /// Released last: properties go in the order in which they stand here, and the database is closed before.
  let lock: OwnerLock
  private let checkpointPages: Int

  /// Pages appended to the log since it was last copied as a whole.
  private var logPages = 0
  /// From how many pages on it is copied; more after an attempt that failed.
  private var checkpointDue: Int
  /// From how many pages on it is to be seen whether the disk has the room to copy it.
  private var lookDue = 0
  private var isFlushing = false
  /// Whether pages that SQLite holds for written may never reach the disk.
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
        PRAGMA max_page_count = \(options.maxPages);
        """)
      let statements = try Statements(database)
      if isInDoubt { try database.rewriteLog() }
      recovered = try Self.takePossession(statements, of: database, path: path)
      try database.execute("PRAGMA synchronous = NORMAL")
      self.statements = statements
    } catch {
      throw error.asJournalError(path)
    }
    _ = database.takeWrittenPages()
    self.database = database
    self.lock = lock
    self.path = path
    self.statistics = statistics
    self.statistics.lastFailure = nil
    logPages = StateFile.size(path + "-wal") / Self.pageBytes
    checkpointPages = options.checkpointPages
    checkpointDue = options.checkpointPages
  }

  private static func takePossession(
    _ statements: Statements, of database: borrowing Database, path: String
  ) throws(SQLiteError) -> Recovered {
    do {
      return try statements.takePossession(of: database, identity: StateFile.identity(path))
    } catch {
      guard error.isFull else { throw error }
      if database.isInTransaction { try? database.execute("ROLLBACK") }
      guard try database.checkpoint(truncating: false) else { throw error }
      return try statements.takePossession(of: database, identity: StateFile.identity(path))
    }
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

  // MARK: Writing

  /// Makes changes in one transaction, all of them or none.
  /// - Parameters:
  ///   - batches: the changes, in order.
  ///   - spools: spools that were made since the last successful call.
  ///   - sync: whether they, and everything before them, have to be flushed to disk.
  ///   - mayCopy: whether the log may be copied, which takes its time, where a full disk leaves nothing else.
  /// - Returns: whether everything committed until now has been flushed.
  func commit(
    _ batches: [[JournalOperation]], spools: [(spool: JournalSpool, name: String)] = [], sync: Bool,
    mayCopy: Bool = true
  ) throws(JournalError) -> Bool {
    if spools.isEmpty, batches.allSatisfy(\.isEmpty), !(sync && isDirty) { return !isDirty }
    do throws(SQLiteError) {
      do throws(SQLiteError) {
        try write(batches, spools, sync: sync)
      } catch {
        rollBack(after: error)
        guard mayCopy, error.isFull, (try? checkpoint()) == true else { throw error }
        try write(batches, spools, sync: sync)
      }
    } catch {
      throw failed(error)
    }
    let pages = database.takeWrittenPages()
    logPages += pages
    isDirty = !sync && (isDirty || pages > 0)
    statistics.transactions += 1
    if sync { statistics.syncs += 1 }
    statistics.lastFailure = nil
    return !isDirty
  }

  private func write(
    _ batches: [[JournalOperation]], _ spools: [(spool: JournalSpool, name: String)], sync: Bool
  ) throws(SQLiteError) {
    try dispelDoubt()
    try setFlushing(sync)
    try statements.beginTransaction()
    let changes = database.totalChanges
    for (spool, name) in spools { try statements.add(spool, name: name) }
    for operations in batches {
      for operation in operations { try statements.apply(operation) }
    }
    if sync, database.totalChanges == changes { try statements.countSync() }
    try statements.commitTransaction()
  }

  /// Whether ``checkpointIfDue()`` has something to do.
  var isCopyDue: Bool { logPages >= min(lookDue, checkpointDue) }

  /// Copies the log if it has grown long. A failure is counted and leaves the log as it is, to be copied later.
  func checkpointIfDue() {
    guard isCopyDue else { return }
    // The database grows by as much as the log at most.
    let spare = (DiskRoom(at: path)?.free).map { $0 / Self.pageBytes - logPages } ?? .max
    guard logPages >= checkpointDue || logPages > 0 && spare < Self.sparePages else {
      lookDue = logPages + max(spare / 2, 1)
      return
    }
    do {
      _ = try checkpoint()
      lookDue = 0
    } catch {
      checkpointDue = max(checkpointDue, logPages + checkpointPages / 4)
      lookDue = logPages + Self.sparePages / 4
      _ = failed(error)
    }
  }

  private static let pageBytes = 4096
  /// Enough for an ordinary transaction.
  private static let sparePages = 64

  /// Marks the file as complete and copies the log, so that the database alone is the whole state.
  func finish() throws(JournalError) {
    do {
      try dispelDoubt()
      try setFlushing(true)
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
  }

  /// A backlog leaves a file of its size behind, most of it free. When what is left can be copied at little cost, it is.
  private func giveBackRoom() throws(SQLiteError) {
    let pages = try database.integer("PRAGMA page_count")
    let free = try database.integer("PRAGMA freelist_count")
    if pages > 4096, pages - free < 1024 { try database.execute("VACUUM") }
  }

  /// Returns whether the log will be written from its beginning again.
  private func checkpoint() throws(SQLiteError) -> Bool {
    guard try database.checkpoint(truncating: false) else { return false }
    _ = database.takeWrittenPages()
    logPages = 0
    checkpointDue = checkpointPages
    isDirty = false
    statistics.checkpoints += 1
    return true
  }

  private func dispelDoubt() throws(SQLiteError) {
    guard isInDoubt else { return }
    try database.rewriteLog()
    isInDoubt = false
    isDirty = false
  }

  private func setFlushing(_ flushing: Bool) throws(SQLiteError) {
    guard flushing != isFlushing else { return }
    try database.execute("PRAGMA synchronous = \(flushing ? "FULL" : "NORMAL")")
    isFlushing = flushing
  }

  private func rollBack(after error: SQLiteError) {
    // Some errors have ended the transaction already.
    if database.isInTransaction { try? database.execute("ROLLBACK") }
    if error.castsDoubt { isInDoubt = true }
  }

  private func failed(_ error: SQLiteError) -> JournalError {
    rollBack(after: error)
    statistics.failures += 1
    let error = error.asJournalError(path)
    statistics.lastFailure = error
    return error
  }

  // MARK: Reading

  /// Rows of a spool; see ``JournalHandle/load(_:from:after:limit:maxBytes:)``.
  func page(of spool: JournalSpool, after: UInt64, limit: Int, maxBytes: Int) throws(JournalError) -> JournalPage {
    do {
      return try statements.page(of: spool, after: after, limit: limit, maxBytes: maxBytes)
    } catch {
      throw error.asJournalError(path)
    }
  }

  /// Small records whose key begins with `prefix`, in order of key.
  func values(prefix: String) throws(JournalError) -> [(key: String, value: [UInt8])] {
    do {
      return try statements.values(prefix: prefix)
    } catch {
      throw error.asJournalError(path)
    }
  }

  /// The redelivery keys of a connection, in order of packet id.
  func redeliveryKeys(of connection: JournalSpool) throws(JournalError) -> [RedeliveryKey] {
    do {
      return try statements.redeliveryKeys(of: connection)
    } catch {
      throw error.asJournalError(path)
    }
  }
}
