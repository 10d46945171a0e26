internal import CSQLite
internal import Platform

/// What SQLite said when a call failed.
struct SQLiteError: Error, Equatable {
  /// The extended result code.
  let code: Int32
  /// SQLite's words for it.
  let reason: String
  /// The `errno` behind an error of the operating system; 0 if none is known.
  private(set) var systemCode: Int32 = 0

  /// The error that a call on this connection has just returned.
  @unsafe
  init(code: Int32, of database: OpaquePointer?) {
    self.code = code
    reason = unsafe String(cString: sqlite3_errmsg(database))
    // SQLite keeps the number of a failure long after: it belongs to this one only if this one is the system's.
    switch code & 0xff {
    case SQLITE_IOERR, SQLITE_CANTOPEN: systemCode = unsafe sqlite3_system_errno(database)
    default: break
    }
  }

  /// An error that left no word on the connection.
  init(code: Int32, reason: String, systemCode: Int32 = 0) {
    self.code = code
    self.reason = reason
    self.systemCode = systemCode
  }

  /// Something in the file that SQLite takes and we do not.
  static func damage(_ reason: String) -> Self { Self(code: SQLITE_CORRUPT, reason: reason) }

  /// The result code without its extension.
  var primaryCode: Int32 { code & 0xff }

  /// Whether writing or flushing failed in the operating system. What was written before is then no longer certain to
  /// reach the disk, even if a later flush succeeds: the kernel reports a lost page once and then takes it for written.
  var castsDoubt: Bool { primaryCode == SQLITE_IOERR }

  /// Whether there is no room left, on the disk or within the limits of the file.
  var isFull: Bool { primaryCode == SQLITE_FULL || SystemError.saysFull(systemCode) }

  /// The error as the journal's users see it.
  func asJournalError(_ path: String) -> JournalError {
    if isFull { return .full(path: path) }
    return switch primaryCode {
    case SQLITE_CORRUPT: .damaged(path: path, reason: reason)
    case SQLITE_NOTADB: .foreign(path: path)
    case SQLITE_BUSY, SQLITE_LOCKED: .busy(path: path)
    default: .failed(path: path, reason: reason)
    }
  }
}
