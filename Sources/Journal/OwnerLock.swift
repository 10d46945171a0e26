internal import Glibc
internal import Platform

/// The right to be the only process on a state file, held as long as the value lives.
///
/// It is a lock on a file of its own, `PATH.lock`: SQLite keeps locks on the database itself, and those a process loses when
/// it closes any descriptor of that file. The lock file stays when it is released; removing it would race with the next owner.
final class OwnerLock: Sendable {
  private let descriptor: Int32

  /// Takes the lock; ``JournalError/owned(path:process:)`` if somebody else has it.
  init(path: String) throws(JournalError) {
    let name = path + ".lock"
    let descriptor = unsafe open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw JournalError("open \(name)", path: path, code: errno)
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      let process = Self.readProcess(descriptor)
      close(descriptor)
      if code == EWOULDBLOCK { throw .owned(path: path, process: process) }
      throw JournalError("flock \(name)", path: path, code: code)
    }
    let text = "\(getpid())\n"
    _ = ftruncate(descriptor, 0)
    _ = unsafe pwrite(descriptor, text, text.utf8.count, 0)
    self.descriptor = descriptor
  }

  deinit {
    // Closing alone would not do: a process that was forked and has not called exec yet has the descriptor too, and would
    // keep the lock.
    _ = flock(descriptor, LOCK_UN)
    close(descriptor)
  }

  private static func readProcess(_ descriptor: Int32) -> Int32? {
    var digits = [UInt8](repeating: 0, count: 16)
    let count = unsafe pread(descriptor, &digits, digits.count, 0)
    guard count > 0 else { return nil }
    return Int32(String(decoding: digits.prefix(count).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
  }
}
