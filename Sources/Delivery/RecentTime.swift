/// How long something takes: an average in which the latest times weigh most.
struct RecentTime: Sendable, Equatable {
  /// The average; nil before the first time.
  private(set) var value: Duration?

  /// It took so long once more.
  mutating func took(_ time: Duration) {
    // Shifted: a Duration is divided by way of generic integers, which takes longer than all else around here.
    value = value.map { Duration(attoseconds: $0.attoseconds + (time - $0).attoseconds >> 3) } ?? time
  }
}
