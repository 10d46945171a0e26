import Platform

/// Who works on the connections: the MQTT thread when a socket or a time says so, or whoever brings an order while that
/// thread waits. Waking it would take longer than most orders do.
final class ServiceTurns: Sendable {
  private struct State {
    /// Nil once the service has ended.
    var loop: ServiceLoop?
    /// Until when the thread waits at most; nil: until something happens.
    var waitsUntil: Duration?
  }

  private let state: Lock<State>
  private let mailbox: Mailbox
  private let poller: Poller

  /// - Parameters:
  ///   - mailbox: where orders come from; the poller watches its wake-up.
  ///   - poller: watches the sockets, too.
  init(_ loop: sending ServiceLoop, _ mailbox: Mailbox, _ poller: Poller) {
    state = Lock(State(loop: loop))
    self.mailbox = mailbox
    self.poller = poller
  }

  /// The thread's body: returns when the service has ended.
  func run() {
    state.withLock { $0.loop?.begin() }
    var events: [Poller.Event] = []
    while let next = turn(events) {
      events = poller.wait(next.map { max(.zero, $0 - Clocks.monotonic()) })
      if events.contains(where: { $0.token == Mailbox.wakeUpToken }) { mailbox.wakeUp.clear() }
    }
  }

  /// A turn of the thread's.
  /// - Returns: until when to wait for the next; nil if there is none.
  private func turn(_ events: [Poller.Event]) -> Duration?? {
    state.withLock { state -> Duration?? in
      guard let loop = state.loop else { return nil }
      loop.turn(events)
      if loop.isOver() {
        // The connections go with it.
        state.loop = nil
        return nil
      }
      state.waitsUntil = loop.deadline
      return .some(state.waitsUntil)
    }
  }

  /// Leaves an order, and carries it out at once if nobody works.
  func take(_ command: Command) {
    guard mailbox.append(command) else { return }
    let isDone = state.withLockIfFree { state in
      guard let loop = state.loop else { return true }
      loop.turn([])
      // The thread has to hear of what it does not know of.
      guard !loop.isEnding, let deadline = loop.deadline else { return !loop.isEnding }
      return state.waitsUntil.map { $0 <= deadline } ?? false
    }
    if isDone != true { mailbox.wakeUp.signal() }
  }
}
