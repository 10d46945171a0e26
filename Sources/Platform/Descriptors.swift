import Glibc

/// How many files and sockets the process may have open at a time (RLIMIT_NOFILE).
public enum Descriptors {
  /// Raises the limit as far as the process itself may.
  /// - Returns: how many may be open from now on.
  @discardableResult
  public static func raiseLimit() -> UInt64 {
    var limit = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 0 }
    let before = limit.rlim_cur
    limit.rlim_cur = limit.rlim_max
    return unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
      ? UInt64(limit.rlim_cur) : UInt64(before)
  }

  /// Whether nothing can be opened now because too much is open, in the process or in the system.
  public static var areExhausted: Bool {
    let descriptor = unsafe open("/dev/null", O_RDONLY | O_CLOEXEC)
    guard descriptor < 0 else {
      close(descriptor)
      return false
    }
    return errno == EMFILE || errno == ENFILE
  }
}
