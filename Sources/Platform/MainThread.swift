import Glibc

/// The thread that the process was started with. While tasks do the work it makes the other threads, for a thread begins
/// with the nice value of its maker: libdispatch, on whose threads tasks run, gives these the value 0, whatever the process
/// was started with (`nice(1)`, `Nice=` of systemd), and nobody unprivileged can take that back.
public enum MainThread {
  private struct State {
    /// Wakes the main thread; nil as long as it does not serve.
    var wakeUp: WakeUp?
    var orders: [@Sendable () -> Void] = []
  }

  private static let state = Lock(State())

  /// Lets tasks begin, and makes threads for them from now on; to be called once, by the main thread.
  /// - Parameter begin: starts the tasks, one of which ends the process.
  public static func serve(_ begin: () -> Void) -> Never {
    let wakeUp = try? WakeUp()
    state.withLock { $0.wakeUp = wakeUp }
    begin()
    while true {
      wait(for: wakeUp)
      let orders = state.withLock { state in
        defer { state.orders = [] }
        return state.orders
      }
      for order in orders { order() }
    }
  }

  /// Has the main thread make threads, with all signals blocked in them, so that they reach the main thread; where it does
  /// not serve, as in tests, the caller does it.
  /// - Parameter body: returns soon, and does not order threads itself.
  public static func make<Value: Sendable>(_ body: @escaping @Sendable () -> Value) -> Value {
    let answer = Answer<Value>()
    let wakeUp = state.withLock { state in
      if state.wakeUp != nil { state.orders.append { answer.give(blockingSignals(body)) } }
      return state.wakeUp
    }
    guard let wakeUp else { return blockingSignals(body) }
    wakeUp.signal()
    return answer.wait()
  }

  private static func wait(for wakeUp: WakeUp?) {
    guard let wakeUp else {
      // No descriptor was left for it, and nothing is ordered.
      _ = pause()
      return
    }
    var descriptor = pollfd(fd: wakeUp.descriptor, events: Int16(POLLIN), revents: 0)
    if unsafe poll(&descriptor, 1, -1) > 0 { wakeUp.clear() }
  }

  private static func blockingSignals<Value>(_ body: () -> Value) -> Value {
    var everything = sigset_t()
    var before = sigset_t()
    unsafe sigfillset(&everything)
    unsafe pthread_sigmask(SIG_SETMASK, &everything, &before)
    defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
    return body()
  }
}

/// A value that one thread gives and another waits for. `@unchecked`, since the compiler does not know a semaphore for what it is.
@safe
private final class Answer<Value: Sendable>: @unchecked Sendable {
  private let value = Lock<Value?>(nil)
  private let given: UnsafeMutablePointer<sem_t>

  init() {
    unsafe given = .allocate(capacity: 1)
    unsafe sem_init(given, 0, 0)
  }

  deinit {
    unsafe sem_destroy(given)
    unsafe given.deallocate()
  }

  func give(_ value: Value) {
    self.value.withLock { $0 = value }
    unsafe sem_post(given)
  }

  func wait() -> Value {
    while true {
      if let value = value.withLock({ $0 }) { return value }
      unsafe sem_wait(given)
    }
  }
}
