/// When a stream is read. A server that is faster than the broker in bursts is held back by TCP while the spool is crowded; one
/// that keeps handing over a few stanzas at a time is read a little later, for a turn costs what several stanzas cost.
///
/// A broker that takes nothing at all does not keep the stream from being heard: there is a burst after each rest.
struct StreamPace {
  /// What the connection is to do.
  enum Step: Equatable {
    /// Read nothing until it is told to.
    case rest
    /// Read what is there or comes next, up to 64 KiB, and go on resting.
    case readOnce
    /// Read by itself again.
    case read
  }

  /// When to look again although nothing happened. There is one whenever the stream rests.
  private(set) var deadline: Duration?
  private var isResting = false
  private var isCrowded = false
  /// When the latest turn ended that brought stanzas.
  private var lastBrought: Duration?
  /// How many turns in a row have brought stanzas in quick succession; negative while the stream has proved too slow for a rest.
  private var quickTurns = 0
  private var hasRested = false

  /// Between two bursts while the spool is crowded: 64 KiB each are enough that nothing piles up at the server.
  static let crowdRest = Duration.milliseconds(50)
  /// Between two turns of a busy stream: at 20,000 stanzas a second each brings twenty, where most would bring one.
  static let busyRest = Duration.milliseconds(1)
  /// Turns that follow so closely upon each other that they had better be one, and how many of them make a stream busy: a short
  /// burst is not held up.
  private static let quick = (within: Duration.microseconds(500), turns: 4)
  /// A busy stream stays busy as long as a rest brings so many stanzas. If it brings fewer it is not tried again for so many turns.
  private static let several = (stanzas: 12, patience: 64)
  /// A turn that brings so many bytes has gathered by itself.
  static let plenty = 32 << 10

  /// Looks at the end of a turn.
  /// - Parameters:
  ///   - isCrowded: the spool is.
  ///   - stanzas: how many came in this turn.
  ///   - bytes: and in how many bytes.
  /// - Returns: what to do now, if anything.
  mutating func look(isCrowded: Bool, stanzas: Int, bytes: Int, now: Duration) -> Step? {
    let (wasCrowded, isBusy) = (self.isCrowded, isBusy(stanzas: stanzas, bytes: bytes, now: now))
    self.isCrowded = isCrowded
    switch (isCrowded, deadline) {
    case (true, let end) where !wasCrowded || now >= end ?? now:
      deadline = now + Self.crowdRest
      return wasCrowded ? .readOnce : rest()
    case (false, _) where isBusy:
      deadline = now + Self.busyRest
      return rest()
    case (false, let end?) where wasCrowded || stanzas > 0 || now >= end:
      (isResting, deadline, hasRested) = (false, nil, true)
      return .read
    default: return nil
    }
  }

  /// Whether this turn should have waited for more. It is asked once a turn, for it counts them.
  private mutating func isBusy(stanzas: Int, bytes: Int, now: Duration) -> Bool {
    guard stanzas > 0 else { return false }
    let isSoon = lastBrought.map { now - $0 <= Self.quick.within } ?? false
    if hasRested, stanzas < Self.several.stanzas {
      quickTurns = -Self.several.patience
    } else {
      quickTurns = hasRested || isSoon ? quickTurns + 1 : min(quickTurns, 0)
    }
    (lastBrought, hasRested) = (now, false)
    return quickTurns >= Self.quick.turns && bytes < Self.plenty
  }

  private mutating func rest() -> Step? {
    defer { isResting = true }
    return isResting ? nil : .rest
  }
}
