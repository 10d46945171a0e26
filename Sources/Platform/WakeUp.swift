internal import CLinux
import Glibc

/// An eventfd: any thread signals it, one event loop waits for its descriptor to become readable.
public final class WakeUp: Sendable {
  /// The descriptor to poll for input.
  public let descriptor: CInt

  /// Opens the descriptor; throws the `errno` of `eventfd(2)` (usually too many open files).
  public init() throws(SystemError) {
    descriptor = clinux_eventfd()
    if descriptor < 0 { throw SystemError(call: "eventfd", code: errno) }
  }

  deinit { close(descriptor) }

  /// Makes the descriptor readable. Safe from any thread; signals that were not cleared yet merge into one.
  public func signal() {
    var one: UInt64 = 1
    _ = unsafe write(descriptor, &one, MemoryLayout<UInt64>.size)
  }

  /// Makes the descriptor unreadable until the next signal. Called by the waiting loop before it looks at its inbox.
  public func clear() {
    var count: UInt64 = 0
    _ = unsafe read(descriptor, &count, MemoryLayout<UInt64>.size)
  }
}
