import TestSupport

/// What came of the messages that were sent one way.
struct Crossing: Sendable {
  /// How many were sent, and arrived again.
  let sent: Int
  let doubled: Int
  /// The numbers of the lost.
  let missing: [Int]
  /// How many arrived behind a later one of their account.
  let late: Int
  /// When the first and the last arrived, since the beginning.
  let first: Duration
  let last: Duration
  /// Of all that arrived, in order.
  private let latencies: [Duration]
  /// What the account with the fewest arrivals got, and what each was sent.
  let fewest: Int
  let each: Int
  /// The account for which the p99 is longest.
  let slowest: Duration

  init(_ arrivals: [Int: LoadLane.Arrival], sent: Int, accounts: Int) {
    self.sent = sent
    missing = (0..<sent).filter { arrivals[$0] == nil }
    doubled = arrivals.values.reduce(0) { $0 + $1.times - 1 }
    late = arrivals.values.count(where: \.isLate)
    let times = arrivals.values.map(\.time)
    first = times.min() ?? .zero
    last = times.max() ?? .zero
    latencies = arrivals.values.map(\.latency).sorted()
    each = sent / accounts
    let byAccount = Dictionary(grouping: arrivals.values, by: \.account)
    fewest = byAccount.count < accounts ? 0 : byAccount.values.map(\.count).min() ?? 0
    slowest = byAccount.values.map { Self.quantile(0.99, of: $0.map(\.latency).sorted()) }.max() ?? .zero
  }

  /// How many were lost.
  var lost: Int { missing.count }

  /// Messages a second, from the beginning to the last arrival.
  var rate: Double { last > .zero ? Double(sent - lost) / last.seconds : 0 }

  /// The latency that this part of the messages did not exceed.
  func latency(_ part: Double) -> Duration { Self.quantile(part, of: latencies) }

  private static func quantile(_ part: Double, of sorted: [Duration]) -> Duration {
    guard let last = sorted.last else { return .zero }
    let index = Int((Double(sorted.count) * part).rounded(.up)) - 1
    return index < sorted.count ? sorted[max(index, 0)] : last
  }
}
