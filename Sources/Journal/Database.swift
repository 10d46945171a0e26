internal import CSQLite

/// One SQLite connection, closed with the value. Used by one thread at a time.
@safe
struct Database: ~Copyable {
  private let handle: OpaquePointer

  /// Opens an existing file, which may be empty, for writing.
  /// - Parameter fileSystem: the name of a registered SQLite file system; nil for the operating system's.
  init(path: String, fileSystem: String?) throws(SQLiteError) {
    var opened: OpaquePointer?
    let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
    let code = unsafe sqlite3_open_v2(path, &opened, flags, fileSystem)
    guard code == SQLITE_OK, let opened = unsafe opened else {
      let error = unsafe SQLiteError(code: code, of: opened)
      unsafe sqlite3_close_v2(opened)
      throw error
    }
    unsafe handle = unsafe opened
    _ = unsafe csqlite_defend(handle)
    // Somebody may look into the file with another tool for a moment.
    unsafe sqlite3_busy_timeout(handle, 250)
  }

  deinit {
    // Waits, if need be, for the statements that are destroyed after it.
    unsafe sqlite3_close_v2(handle)
  }

  /// Runs statements that return nothing of interest.
  func execute(_ sql: String) throws(SQLiteError) {
    let code = unsafe sqlite3_exec(handle, sql, nil, nil, nil)
    if code != SQLITE_OK { throw lastError(code) }
  }

  /// A statement that will be run often.
  func prepare(_ sql: String) throws(SQLiteError) -> Statement {
    var statement: OpaquePointer?
    let code = unsafe sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
    guard code == SQLITE_OK, let statement = unsafe statement else { throw lastError(code) }
    return unsafe Statement(adopting: statement)
  }

  /// The integer that a query or pragma of one row and column returns; 0 if it returns none.
  func integer(_ sql: String) throws(SQLiteError) -> Int64 {
    let statement = try prepare(sql)
    return try statement.step() ? statement.integer(0) : 0
  }

  /// The text that a query or pragma of one row and column returns; empty if it returns none.
  func text(_ sql: String) throws(SQLiteError) -> String {
    let statement = try prepare(sql)
    return try statement.step() ? statement.text(0) : ""
  }

  /// Whether a transaction is open.
  var isInTransaction: Bool { unsafe sqlite3_get_autocommit(handle) == 0 }

  /// Pages written since the last call; in WAL mode each is a frame of the log.
  func takeWrittenPages() -> Int {
    var current: Int32 = 0
    var highest: Int32 = 0
    _ = unsafe sqlite3_db_status(handle, SQLITE_DBSTATUS_CACHE_WRITE, &current, &highest, 1)
    return Int(current)
  }

  /// Copies the log into the database and flushes both.
  /// - Parameter truncating: whether the log is cut to nothing afterwards.
  /// - Returns: whether everything in the log has been copied, so that it will be written from its beginning again.
  func checkpoint(truncating: Bool) throws(SQLiteError) -> Bool {
    var frames: Int32 = 0
    var copied: Int32 = 0
    let mode = truncating ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE
    let code = unsafe sqlite3_wal_checkpoint_v2(handle, nil, mode, &frames, &copied)
    if code != SQLITE_OK { throw lastError(code) }
    return frames == copied
  }

  /// Writes every byte of the log once more and flushes it, so that pages which the kernel gave up writing, and holds for
  /// written, are written.
  func rewriteLog() throws(SQLiteError) {
    var found: UnsafeMutablePointer<sqlite3_file>?
    try check(unsafe sqlite3_file_control(handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &found))
    guard let log = unsafe found, let methods = unsafe log.pointee.pMethods?.pointee else { return }
    var size: sqlite3_int64 = 0
    try check(unsafe methods.xFileSize(log, &size))
    var block = [UInt8](repeating: 0, count: 65_536)
    var offset: sqlite3_int64 = 0
    while offset < size {
      let count = Int32(min(size - offset, sqlite3_int64(block.count)))
      try check(unsafe methods.xRead(log, &block, count, offset))
      try check(unsafe methods.xWrite(log, &block, count, offset))
      offset += sqlite3_int64(count)
    }
    try check(unsafe methods.xSync(log, SQLITE_SYNC_NORMAL))
  }

  /// Says whether closing leaves the log as it is, or copies and removes it.
  func keepLogOnClose(_ keep: Bool) { _ = unsafe csqlite_keep_log(handle, keep ? 1 : 0) }

  /// For calls that leave no message on the connection.
  private func check(_ code: Int32) throws(SQLiteError) {
    if code != SQLITE_OK { throw SQLiteError(code: code, reason: unsafe String(cString: sqlite3_errstr(code))) }
  }

  private func lastError(_ code: Int32) -> SQLiteError {
    unsafe SQLiteError(code: code, of: handle)
  }
}
