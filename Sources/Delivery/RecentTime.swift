/// How long something takes: an average in which the latest times weigh most.
struct RecentTime: Sendable, Equatable {
  /// The average; nil before the first time.
  private(set) var value: Duration?

  /// It took so long once more.
  mutating func took(_ time: Duration) { value = value.map { $0 + (time - $0) / 8 } ?? time }
}
