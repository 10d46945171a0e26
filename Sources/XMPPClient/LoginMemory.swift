import NIOCore
import NIOPosix
import Platform

/// Has the process give back what logging in took, once nobody has logged in for a while: a login leaves gaps in the heaps, and
/// runs through code that nothing else needs.
enum LoginMemory {
  private struct State {
    var lastLogin = Duration.zero
    var isDue = false
    /// Not before this: a server that throws its clients out again and again shall not cost more for that.
    var notBefore = Duration.zero
  }

  private static let state = Lock(State())
  private static let quiet = Duration.seconds(10)
  private static let pause = Duration.seconds(60)

  /// An account has logged in.
  static func loggedIn(on eventLoop: any EventLoop, _ threads: NIOThreadPool) {
    let now = Clocks.monotonic()
    let isFirst = state.withLock { state in
      state.lastLogin = now
      defer { state.isDue = true }
      return !state.isDue
    }
    if isFirst { wait(Self.quiet, on: eventLoop, threads) }
  }

  private static func wait(_ time: Duration, on eventLoop: any EventLoop, _ threads: NIOThreadPool) {
    eventLoop.scheduleTask(in: TimeAmount(time)) {
      let now = Clocks.monotonic()
      let rest = state.withLock { state in
        let rest = max(state.lastLogin + Self.quiet, state.notBefore) - now
        if rest <= .zero { (state.isDue, state.notBefore) = (false, now + Self.pause) }
        return rest
      }
      if rest > .zero { return wait(rest, on: eventLoop, threads) }
      threads.submit { _ in SpareMemory.giveBack() }
    }
  }
}
