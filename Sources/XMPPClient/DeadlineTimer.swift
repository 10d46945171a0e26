public import NIOCore
public import Platform

/// One timer of an event loop for a deadline that moves with nearly everything that happens.
///
/// A deadline that moves away costs nothing: the timer finds out when it fires, and waits on. One that is far away is looked at
/// on the next whole second, so that the connections of a quiet bridge wake it together. What the event loop has been asked
/// for stands when something nearer comes up, for deadlines of different kinds take turns. All calls come on the event loop.
public final class DeadlineTimer {
  /// What the event loop has been asked for.
  private struct Armed {
    var moment: Duration
    var callback: NIOScheduledCallback
  }

  private let eventLoop: any EventLoop
  private let clock: () -> Duration
  private let passed: () -> Void
  /// By how far away the moment was: less than a second, less than ten, and more.
  private var armed: InlineArray<3, Armed?> = [nil, nil, nil]
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
    for place in armed.indices { disarm(place) }
  }

  private func isArmed(for deadline: Duration) -> Bool {
    for place in armed.indices {
      if let armed = armed[place], armed.moment <= deadline { return true }
    }
    return false
  }

  private func arm(for deadline: Duration) {
    let now = clock()
    let distance = deadline - now
    let place = distance < .seconds(1) ? 0 : distance < Self.far ? 1 : 2
    disarm(place)
    let moment = distance < Self.far ? deadline : Self.wholeSecond(from: deadline)
    let handler = Handler(timer: NIOLoopBound(self, eventLoop: eventLoop), place: place)
    let time = eventLoop.now + TimeAmount(max(moment - now, .zero))
    // An event loop that has ended takes nothing, and nothing is due on it.
    let callback = try? eventLoop.scheduleCallback(at: time, handler: handler)
    armed[place] = callback.map { Armed(moment: moment, callback: $0) }
  }

  private func disarm(_ place: Int) {
    armed[place]?.callback.cancel()
    armed[place] = nil
  }

  private func fired(_ place: Int) {
    armed[place] = nil
    guard let deadline else { return }
    guard deadline <= clock() else { return set(deadline) }
    self.deadline = nil
    passed()
  }

  private struct Handler: NIOScheduledCallbackHandler, Sendable {
    let timer: NIOLoopBound<DeadlineTimer>
    let place: Int

    func handleScheduledCallback(eventLoop: some EventLoop) { timer.value.fired(place) }
  }

  private static let far = Duration.seconds(10)

  private static func wholeSecond(from moment: Duration) -> Duration {
    let second = Duration.seconds(1).attoseconds
    return Duration(attoseconds: (moment.attoseconds + second - 1) / second * second)
  }
}
