import TestSupport

/// How long something takes: mostly about the usual time, now and then ten times as long.
struct Pace {
  /// The usual time, in microseconds.
  var usual: Int

  /// A time.
  func draw(_ random: inout SeededGenerator) -> Duration {
    guard usual > 0 else { return .zero }
    let time = usual / 2 + random.below(usual + 1)
    return .microseconds(random.chance(5) ? time * 10 : time)
  }
}
