public import NIOCore
public import Platform

/// One timer of an event loop for a deadline that moves with nearly everything that happens.
///
/// A deadline that moves away costs nothing: the timer finds out when it fires, and waits on. One that is far away is looked at
/// on the next whole second, so that the connections of a quiet bridge wake it together. All calls come on the event
/// loop.
public final class DeadlineTimer {
  private let eventLoop: any EventLoop
  private let clock: () -> Duration
  private let passed: () -> Void
  private var scheduled: Scheduled<Void>?
  /// When it fires, and when it should.
  private var armed: Duration?
  private var deadline: Duration?

  /// A timer without a deadline.
  /// - Parameters:
  ///   - clock: what deadlines go by.
  ///   - passed: called each time when the deadline has passed, which is none any more then.
  public init(
    eventLoop: any EventLoop, clock: @escaping () -> Duration = Clocks.monotonic, passed: @escaping () -> Void
  ) {
    self.eventLoop = eventLoop
    self.clock = clock
    self.passed = passed
  }

  /// Sets the deadline, in terms of the clock; nil: there is none.
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
    let now = clock()
    let isFar = deadline - now >= Self.far
    let moment = isFar ? Self.wholeSecond(from: deadline) : deadline
    armed = moment
    let delay = max(moment - now, .zero)
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    scheduled = eventLoop.scheduleTask(in: TimeAmount(delay)) { bound.value.fired() }
  }

  private func fired() {
    armed = nil
    scheduled = nil
    guard let deadline else { return }
    guard deadline <= clock() else { return arm(for: deadline) }
    self.deadline = nil
    passed()
  }

  private static let far = Duration.seconds(10)

  private static func wholeSecond(from moment: Duration) -> Duration {
    let second = Duration.seconds(1).attoseconds
    return Duration(attoseconds: (moment.attoseconds + second - 1) / second * second)
  }
}
