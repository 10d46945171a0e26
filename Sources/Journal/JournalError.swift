internal import Glibc
internal import Platform

/// Why the journal cannot be opened, written or read.
public enum JournalError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Another process works on the file.
  case owned(path: String, process: Int32?)
  /// Another program holds a lock on the file, for the moment.
  case busy(path: String)
  /// The file is something else than a journal.
  case foreign(path: String)
  /// The file was written by a later version of this program.
  case newer(path: String, version: Int, known: Int)
  /// The file is a journal, and parts of it cannot be read.
  case damaged(path: String, reason: String)
  /// There is no room left where the file is.
  case full(path: String)
  /// The operating system or SQLite refused something else, flushing to disk included.
  case failed(path: String, reason: String)
  /// The journal has been closed.
  case closed

  /// For people: what is wrong, and where it helps, what to do.
  public var description: String {
    switch self {
    case .owned(let path, .some(let process)):
      "\(path) is in use by process \(process); each bridge needs a state file of its own"
    case .owned(let path, nil):
      "\(path) is in use by another process; each bridge needs a state file of its own"
    case .busy(let path): "\(path) is locked by another program"
    case .foreign(let path):
      "\(path) is not a state file of this program; name another file, or move it away"
    case .newer(let path, let version, let known):
      "\(path) was written by a later version of this program (format \(version), known here: \(known)); "
        + "run that version, or move the file away"
    case .damaged(let path, let reason): "\(path) is damaged (\(reason))"
    case .full(let path): "no room left on the disk for \(path)"
    case .failed(let path, let reason): "\(path): \(reason)"
    case .closed: "the journal is closed"
    }
  }

  /// A system call on the file `path`, or beside it, failed.
  init(_ call: String, path: String, code: Int32) {
    self =
      SystemError.saysFull(code)
      ? .full(path: path) : .failed(path: path, reason: SystemError(call: call, code: code).description)
  }
}

extension SystemError {
  /// Whether an `errno` value says that there is no room left: none on the disk, or none that its user may use.
  static func saysFull(_ code: Int32) -> Bool { code == ENOSPC || code == EDQUOT }
}
