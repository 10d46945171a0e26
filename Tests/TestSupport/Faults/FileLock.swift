import Glibc

/// A program that has locked an SQLite database for writing, as seen by others: the lock of
/// <https://www.sqlite.org/lockingv3.html> on the bytes from 1 GiB on.
public final class FileLock: Sendable {
  private let descriptor: CInt

  /// Locks the file; throws if somebody else has.
  public init(_ path: String) throws {
    descriptor = open(path, O_RDWR | O_CLOEXEC)
    var range = flock()
    range.l_type = Int16(F_WRLCK)
    range.l_whence = Int16(SEEK_SET)
    range.l_start = 1 << 30
    range.l_len = 512
    guard descriptor >= 0, fcntl(descriptor, F_SETLK, &range) == 0 else {
      throw TestFailure("locking \(path): \(String(cString: strerror(errno)))")
    }
  }

  /// Gives the lock up.
  public func release() {
    var range = flock()
    range.l_type = Int16(F_UNLCK)
    range.l_whence = Int16(SEEK_SET)
    _ = fcntl(descriptor, F_SETLK, &range)
  }

  deinit { close(descriptor) }
}
