public import NIOCore
internal import Platform

/// One timer of an event loop for a deadline that moves with nearly everything that happens.
///
/// A deadline that moves away costs nothing: the timer finds out when it fires, and waits on. All calls come on the
/// event loop.
public final class DeadlineTimer {
  private let eventLoop: any EventLoop
  private let passed: () -> Void
  private var scheduled: Scheduled<Void>?
  /// When it fires, and when it should.
  private var armed: Duration?
  private var deadline: Duration?

  /// A timer without a deadline.
  /// - Parameter passed: called each time when the deadline has passed, which is none any more then.
  public init(eventLoop: any EventLoop, passed: @escaping () -> Void) {
    self.eventLoop = eventLoop
    self.passed = passed
  }

  /// Sets the deadline, in terms of the monotonic clock; nil: there is none.
  public func set(_ deadline: Duration?) {
    self.deadline = deadline
    guard let deadline else { return }
    if let armed, armed <= deadline { return }
    scheduled?.cancel()
    arm(for: deadline)
  }

  /// Gives up the deadline and what is kept for it.
  public func cancel() {
    deadline = nil
    armed = nil
    scheduled?.cancel()
    scheduled = nil
  }

  private func arm(for deadline: Duration) {
    armed = deadline
    let delay = max(deadline - Clocks.monotonic(), .zero)
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    scheduled = eventLoop.scheduleTask(in: TimeAmount(delay)) { bound.value.fired() }
  }

  private func fired() {
    armed = nil
    scheduled = nil
    guard let deadline else { return }
    guard deadline <= Clocks.monotonic() else { return arm(for: deadline) }
    self.deadline = nil
    passed()
  }
}
