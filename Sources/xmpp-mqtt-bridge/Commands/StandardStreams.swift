import Glibc
import Platform

/// Standard error, to which every record goes whole: in one `write(2)` where the system takes it in one.
enum StandardError {
  /// Records of several threads must not get into each other where one takes more than one call.
  private static let lock = Lock(())

  /// Writes bytes as they are. What cannot be written is lost: there is nowhere left to say so.
  static func write(_ bytes: [UInt8]) {
    lock.withLock { _ in
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = rest.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
        if count > 0 {
          rest = rest.dropFirst(count)
        } else if errno == EAGAIN {
          // Somebody made the terminal or pipe non-blocking.
          var descriptor = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
          poll(&descriptor, 1, -1)
        } else if errno != EINTR {
          return
        }
      }
    }
  }

  /// Writes a line.
  static func print(_ line: String) { write(Array("\(line)\n".utf8)) }

  /// Whether there is somebody to look at colours, and who wants them (no-color.org).
  static var isColoured: Bool {
    let noColour = getenv("NO_COLOR").map { String(cString: $0) } ?? ""
    let terminal = getenv("TERM").map { String(cString: $0) } ?? "dumb"
    return noColour.isEmpty && terminal != "dumb" && isatty(STDERR_FILENO) == 1
  }
}
