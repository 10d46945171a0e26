public import NIOCore
public import Platform

/// One timer of an event loop for a deadline that moves with nearly everything that happens.
///
/// A deadline that moves away costs nothing: the timer finds out when it fires, and waits on. One that is far away is looked at
/// on the next whole second, so that the connections of a quiet bridge wake it together; a near one that comes up meanwhile
/// leaves it standing. All calls come on the event loop.
public final class DeadlineTimer {
  /// What the event loop has been asked for.
  private struct Armed {
    var moment: Duration
    var callback: NIOScheduledCallback
  }

  private let eventLoop: any EventLoop
  private let clock: () -> Duration
  private let passed: () -> Void
  private var near: Armed?
  private var far: Armed?
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
    guard let deadline, !isArmed(for: deadline) else { return }
    arm(for: deadline)
  }

  /// Gives up the deadline and what is kept for it.
  public func cancel() {
    deadline = nil
    near?.callback.cancel()
    far?.callback.cancel()
    (near, far) = (nil, nil)
  }

  private func isArmed(for deadline: Duration) -> Bool {
    if let near, near.moment <= deadline { return true }
    if let far, far.moment <= deadline { return true }
    return false
  }

  private func arm(for deadline: Duration) {
    let now = clock()
    let isFar = deadline - now >= Self.distance
    let moment = isFar ? Self.wholeSecond(from: deadline) : deadline
    (isFar ? far : near)?.callback.cancel()
    let handler = Handler(timer: NIOLoopBound(self, eventLoop: eventLoop), isFar: isFar)
    // An event loop that has ended takes nothing, and nothing is due on it.
    let time = eventLoop.now + TimeAmount(max(moment - now, .zero))
    let callback = try? eventLoop.scheduleCallback(at: time, handler: handler)
    let armed = callback.map { Armed(moment: moment, callback: $0) }
    if isFar { far = armed } else { near = armed }
  }

  private func fired(isFar: Bool) {
    if isFar { far = nil } else { near = nil }
    guard let deadline else { return }
    guard deadline <= clock() else { return set(deadline) }
    self.deadline = nil
    passed()
  }

  private struct Handler: NIOScheduledCallbackHandler, Sendable {
    let timer: NIOLoopBound<DeadlineTimer>
    let isFar: Bool

    func handleScheduledCallback(eventLoop: some EventLoop) { timer.value.fired(isFar: isFar) }
  }

  private static let distance = Duration.seconds(10)

  private static func wholeSecond(from moment: Duration) -> Duration {
    let second = Duration.seconds(1).attoseconds
    return Duration(attoseconds: (moment.attoseconds + second - 1) / second * second)
  }
}
