/// The wall clock as it would stand if nobody had set it while a message waited.
///
/// A message's age is what the wall clock has advanced since it was accepted, so that it is right over a restart too. But a
/// clock may be set: a machine without a battery starts in the past and learns the time from the network. What the wall
/// clock advances more, or less, than the monotonic one counts as that, from a minute on, and adds nothing to the age of what
/// waits. (The monotonic clock stands still while the system sleeps: that time adds nothing either.)
public struct AgeingClock: Sendable, Equatable {
  /// The clock was set by so many milliseconds, before the message with this sequence was accepted.
  private struct Step: Sendable, Equatable {
    var before: UInt64
    var by: Int64
  }

  /// What both clocks said.
  private struct Times: Sendable, Equatable {
    var monotonic: Duration
    var wallClock: Int64
  }

  private static let tolerance: Int64 = 60_000
  private static let maxSteps = 32

  /// When both were compared last.
  private var compared: Times?
  /// What the wall clock is ahead of the monotonic one, in milliseconds.
  private var offset: Int64?
  private var steps: [Step] = []

  /// A clock that has seen nothing yet.
  public init() {}

  /// Looks at both clocks; to be done before anything is accepted at these times.
  /// - Parameters:
  ///   - now: the monotonic clock.
  ///   - wallClock: the wall clock, in milliseconds since 1970.
  ///   - next: the sequence of the next message that is accepted.
  public mutating func look(now: Duration, wallClock: Int64, next: UInt64) {
    // Asked several times a turn; and within the same second of both clocks none can have been set by a minute.
    if let compared, now - compared.monotonic < .seconds(1), (0..<1_000).contains(wallClock &- compared.wallClock) {
      return
    }
    compared = Times(monotonic: now, wallClock: wallClock)
    let (seconds, attoseconds) = now.components
    let offset = wallClock &- (seconds &* 1_000 &+ attoseconds / 1_000_000_000_000_000)
    guard let before = self.offset else { return self.offset = offset }
    let by = offset &- before
    guard by > Self.tolerance || by < -Self.tolerance else { return }
    self.offset = offset
    steps.append(Step(before: next, by: by))
    if steps.count > Self.maxSteps {
      let oldest = steps.removeFirst()
      steps[0].by &+= oldest.by
    }
  }

  /// The time to compare with the time at which a message was accepted.
  /// - Parameter sequence: the message's; one that an earlier process accepted has a lower one than any of this process.
  public func wallClock(_ wallClock: Int64, since sequence: UInt64) -> Int64 {
    steps.reduce(wallClock) { sequence < $1.before ? $0 &- $1.by : $0 }
  }
}
