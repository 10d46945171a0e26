import TestSupport

/// What came of the messages that were sent one way.
struct Crossing: Sendable {
  /// How many were sent, and arrived again.
  let sent: Int
  let doubled: Int
  /// The numbers of the lost.
  let missing: [Int]
  /// Messages a second, from the beginning to the last arrival.
  let rate: Double
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
    let last = arrivals.values.map(\.time).max() ?? .zero
    rate = last > .zero ? Double(arrivals.count) / last.seconds : 0
    latencies = arrivals.values.map(\.latency).sorted()
    each = sent / accounts
    let byAccount = Dictionary(grouping: arrivals.values, by: \.account)
    fewest = byAccount.count < accounts ? 0 : byAccount.values.map(\.count).min() ?? 0
    slowest = byAccount.values.map { Self.quantile(0.99, of: $0.map(\.latency).sorted()) }.max() ?? .zero
  }

  /// How many were lost.
  var lost: Int { missing.count }

  /// The latency that this part of the messages did not exceed.
  func latency(_ part: Double) -> Duration { Self.quantile(part, of: latencies) }

  private static func quantile(_ part: Double, of sorted: [Duration]) -> Duration {
    guard let last = sorted.last else { return .zero }
    let index = Int((Double(sorted.count) * part).rounded(.up)) - 1
    return index < sorted.count ? sorted[max(index, 0)] : last
  }
}
