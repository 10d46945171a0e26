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
  private let lock: OwnerLock
  private let checkpointPages: Int

  /// Pages appended to the log since it was last copied as a whole.
  private var logPages = 0
  /// From how many pages on it is copied; more after an attempt that failed.
  private var checkpointDue: Int
  private var isFlushing = false
  private var isInDoubt = false
  /// Whether there are commits that a power cut could undo.
  private(set) var isDirty = false
  /// What has been done.
  private(set) var statistics = JournalStatistics()

  /// Opens or makes the file and takes it into possession.
  /// - Parameter path: the file; missing directories above it are made.
  init(path: String, options: Options = Options()) throws(JournalError) {
    try StateFile.makeParent(of: path)
    let lock = try OwnerLock(path: path)
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
      recovered = try statements.takePossession(of: database, identity: StateFile.identity(path))
      try database.execute("PRAGMA synchronous = NORMAL")
      self.statements = statements
    } catch {
      throw error.asJournalError(path)
    }
    _ = database.takeWrittenPages()
    self.database = database
    self.lock = lock
    self.path = path
    checkpointPages = options.checkpointPages
    checkpointDue = options.checkpointPages
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
  /// - Returns: whether everything committed until now has been flushed.
  func commit(
    _ batches: [[JournalOperation]], spools: [(spool: JournalSpool, name: String)] = [], sync: Bool
  ) throws(JournalError) -> Bool {
    if spools.isEmpty, batches.allSatisfy(\.isEmpty), !(sync && isDirty) { return !isDirty }
    do {
      try dispelDoubt()
      try setFlushing(sync)
      try database.execute("BEGIN IMMEDIATE")
      let changes = database.totalChanges
      for (spool, name) in spools { try statements.add(spool, name: name) }
      for operations in batches {
        for operation in operations { try statements.apply(operation) }
      }
      if sync, database.totalChanges == changes { try statements.countSync() }
      try database.execute("COMMIT")
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

  /// Copies the log if it has grown long. A failure is counted and leaves the log as it is, to be copied later.
  func checkpointIfDue() {
    guard logPages >= checkpointDue else { return }
    do {
      try checkpoint()
    } catch {
      checkpointDue = logPages + checkpointPages / 4
      _ = failed(error)
    }
  }

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

  private func checkpoint() throws(SQLiteError) {
    guard try database.checkpoint(truncating: false) else { return }
    _ = database.takeWrittenPages()
    logPages = 0
    checkpointDue = checkpointPages
    isDirty = false
    statistics.checkpoints += 1
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

  private func failed(_ error: SQLiteError) -> JournalError {
    // Some errors have ended the transaction already.
    if database.isInTransaction { try? database.execute("ROLLBACK") }
    if error.castsDoubt { isInDoubt = true }
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
