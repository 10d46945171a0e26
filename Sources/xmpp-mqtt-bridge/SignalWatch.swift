import Glibc
import Platform
import Synchronization

/// What a signal asks of the process.
enum SignalRequest: Sendable {
  /// SIGTERM or SIGINT.
  case leave
  /// SIGHUP.
  case reload
}

/// Turns signals into calls on a thread of its own, where anything may be done. From the first SIGTERM or SIGINT on the
/// next one has its usual effect: it ends the process at once.
enum SignalWatch {
  /// The end of a pipe that handlers write to; a handler can do little more, and knows nothing but globals.
  private static let pipeEnd = Atomic<Int32>(-1)

  /// Watches from now on; to be called once. A write to a closed socket or pipe, or beyond the size that a file may have,
  /// becomes an error instead of a signal.
  static func start(_ body: @escaping @Sendable (SignalRequest) -> Void) throws(SystemError) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw SystemError(call: "pipe", code: errno) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let (input, output) = (ends[0], ends[1])
    pipeEnd.store(output, ordering: .sequentiallyConsistent)

    _ = try NativeThread(name: "signals") {
      var number: UInt8 = 0
      while true {
        let count = read(input, &number, 1)
        if count == 1 {
          body(Int32(number) == SIGHUP ? .reload : .leave)
        } else if count == 0 || errno != EINTR {
          return
        }
      }
    }
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    for number in [SIGTERM, SIGINT] {
      signal(number) { number in
        signal(SIGTERM, SIG_DFL)
        signal(SIGINT, SIG_DFL)
        SignalWatch.tell(number)
      }
    }
    signal(SIGHUP) { SignalWatch.tell($0) }
  }

  private static func tell(_ number: Int32) {
    let error = errno
    var byte = UInt8(truncatingIfNeeded: number)
    _ = write(pipeEnd.load(ordering: .sequentiallyConsistent), &byte, 1)
    errno = error
  }
}
