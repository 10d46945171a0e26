/// Something wrong that may come and go quickly: its beginning is told at most once a minute, its end if its beginning was.
struct Disturbance: Sendable, Equatable {
  enum News: Sendable, Equatable {
    case began, ended
  }

  private static let pause = Duration.seconds(60)

  private var isOn = false
  private var isTold = false
  private var lastTold: Duration?

  /// It is there, or it is not.
  mutating func set(_ isOn: Bool) { self.isOn = isOn }

  /// Whether it is worth asking for news.
  var mayHaveNews: Bool { isOn != isTold }

  /// What people should hear now, once.
  mutating func news(now: Duration) -> News? {
    guard mayHaveNews else { return nil }
    if isTold {
      isTold = false
      return .ended
    }
    if let lastTold, now - lastTold < Self.pause { return nil }
    isTold = true
    lastTold = now
    return .began
  }

  /// When to ask again although nothing changed: it is there, and too soon to be told.
  var deadline: Duration? {
    guard isOn, !isTold, let lastTold else { return nil }
    return lastTold + Self.pause
  }
}
