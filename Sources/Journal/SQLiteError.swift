internal import CSQLite

/// What SQLite said when a call failed.
struct SQLiteError: Error, Equatable {
  /// The extended result code.
  let code: Int32
  /// SQLite's words for it.
  let reason: String

  /// Something in the file that SQLite takes and we do not.
  static func damage(_ reason: String) -> Self { Self(code: SQLITE_CORRUPT, reason: reason) }

  /// The result code without its extension.
  var primaryCode: Int32 { code & 0xff }

  /// Whether writing or flushing failed in the operating system. What was written before is then no longer certain to
  /// reach the disk, even if a later flush succeeds: the kernel reports a lost page once and then takes it for written.
  var castsDoubt: Bool { primaryCode == SQLITE_IOERR }

  /// The error as the journal's users see it.
  func asJournalError(_ path: String) -> JournalError {
    switch primaryCode {
    case SQLITE_FULL: .full(path: path)
    case SQLITE_CORRUPT: .damaged(path: path, reason: reason)
    case SQLITE_NOTADB: .foreign(path: path)
    case SQLITE_BUSY, SQLITE_LOCKED: .owned(path: path, process: nil)
    default: .failed(path: path, reason: reason)
    }
  }
}
