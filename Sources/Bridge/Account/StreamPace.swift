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
  private var trickle = Trickle()

  /// Between two bursts while the spool is crowded: 64 KiB each are enough that nothing piles up at the server.
  static let crowdRest = Duration.milliseconds(50)
  /// Between two turns of a busy stream: at 20,000 stanzas a second each brings twenty, where most would bring one.
  static let busyRest = Duration.milliseconds(1)

  /// Looks at the end of a turn.
  /// - Parameters:
  ///   - isCrowded: the spool is.
  ///   - stanzas: how many came in this turn.
  ///   - bytes: and in how many bytes.
  /// - Returns: what to do now, if anything.
  mutating func look(isCrowded: Bool, stanzas: Int, bytes: Int, now: Duration) -> Step? {
    let wasCrowded = self.isCrowded
    self.isCrowded = isCrowded
    if stanzas > 0 { trickle.take(stanzas: stanzas, bytes: bytes, now: now) }
    switch (isCrowded, deadline) {
    case (true, let end) where !wasCrowded || now >= end ?? now:
      deadline = now + Self.crowdRest
      return wasCrowded ? .readOnce : rest()
    case (false, _) where stanzas > 0 && trickle.wantsRest:
      deadline = now + Self.busyRest
      return rest()
    case (false, let end?) where wasCrowded || stanzas > 0 || now >= end:
      // What a crowd's rest brings says nothing of the stream's pace.
      if !wasCrowded { trickle.hasRested = true }
      (isResting, deadline) = (false, nil)
      return .read
    default: return nil
    }
  }

  private mutating func rest() -> Step? {
    defer { isResting = true }
    return isResting ? nil : .rest
  }
}

/// Whether stanzas keep coming in turns that had better been one.
private struct Trickle {
  /// The next turn is the first since a rest.
  var hasRested = false
  /// The latest turn should have waited for more.
  private(set) var wantsRest = false
  private var lastTurn: Duration?
  /// How many turns in a row have come in quick succession; negative while the stream has proved too slow for a rest.
  private var quickTurns = 0

  /// Turns that follow so closely upon each other are quick.
  private static let quick = Duration.microseconds(500)
  /// So many of them make a trickle: a short burst is not held up.
  private static let many = 4
  /// A rest is worth it if it brings so many stanzas.
  private static let worthwhile = 12
  /// After one that was not, so many quick turns more are needed.
  private static let patience = 64
  /// A turn that brings so many bytes has gathered by itself.
  private static let plenty = 32 << 10

  /// A turn has brought stanzas.
  mutating func take(stanzas: Int, bytes: Int, now: Duration) {
    let isQuick = lastTurn.map { now - $0 <= Self.quick } ?? false
    if hasRested, stanzas < Self.worthwhile {
      quickTurns = -Self.patience
    } else {
      quickTurns = hasRested || isQuick ? quickTurns + 1 : min(quickTurns, 0)
    }
    (lastTurn, hasRested) = (now, false)
    wantsRest = quickTurns >= Self.many && bytes < Self.plenty
  }
}
