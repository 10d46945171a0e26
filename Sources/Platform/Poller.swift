internal import CLinux
import Glibc

/// An epoll instance: tells one event loop which of its descriptors can be read or written. Level-triggered.
public final class Poller: Sendable {
  /// What a descriptor is ready for.
  public struct Event: Sendable, Hashable {
    /// The caller's number for the descriptor.
    public var token: UInt64
    /// There is something to read, or the end of it.
    public var isReadable: Bool
    /// There is room to write.
    public var isWritable: Bool
    /// The connection has failed or both its directions are shut; told whether it was asked for or not.
    public var isFailed: Bool
  }

  private let descriptor: CInt
  private static let batch = 64

  /// Opens the instance; throws the `errno` of `epoll_create1(2)`.
  public init() throws(SystemError) {
    descriptor = clinux_epoll()
    if descriptor < 0 { throw SystemError(call: "epoll_create1", code: errno) }
  }

  deinit { close(descriptor) }

  /// Begins to watch a descriptor.
  /// - Parameter token: what events carry; a number that is used again must not be mistaken for its predecessor.
  public func add(_ watched: CInt, token: UInt64, readable: Bool, writable: Bool) throws(SystemError) {
    try control(EPOLL_CTL_ADD, watched, token: token, readable: readable, writable: writable)
  }

  /// Changes what is watched of a descriptor.
  public func modify(_ watched: CInt, token: UInt64, readable: Bool, writable: Bool) throws(SystemError) {
    try control(EPOLL_CTL_MOD, watched, token: token, readable: readable, writable: writable)
  }

  /// Waits until a descriptor is ready or the time is up.
  /// - Parameter timeout: nil waits without end.
  public func wait(_ timeout: Duration?) -> [Event] {
    let milliseconds = timeout.map(Self.milliseconds) ?? -1
    return unsafe withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: Self.batch) { events in
      let count = unsafe epoll_wait(descriptor, events.baseAddress, CInt(Self.batch), milliseconds)
      return (0..<max(0, Int(count))).map { index in
        let event = unsafe events[index]
        return unsafe Event(
          token: event.data.u64, isReadable: event.events & clinux_readable != 0,
          isWritable: event.events & clinux_writable != 0, isFailed: event.events & clinux_failed != 0)
      }
    }
  }

  /// Rounded up: to wait a little too long is right, to find that nothing is due yet would spin.
  private static func milliseconds(_ duration: Duration) -> CInt {
    guard duration > .zero else { return 0 }
    let (seconds, attoseconds) = duration.components
    guard seconds < 1_000_000 else { return 1_000_000_000 }
    return CInt(seconds * 1_000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
  }

  private func control(
    _ operation: CInt, _ watched: CInt, token: UInt64, readable: Bool, writable: Bool
  ) throws(SystemError) {
    var event = unsafe epoll_event()
    unsafe event.events = (readable ? clinux_readable : 0) | (writable ? clinux_writable : 0)
    unsafe event.data.u64 = token
    if unsafe epoll_ctl(descriptor, operation, watched, &event) < 0 {
      throw SystemError(call: "epoll_ctl", code: errno)
    }
  }
}
