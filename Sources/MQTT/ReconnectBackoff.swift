/// When to connect again: at once after a connection that had lasted, then after half a second, doubling up to half a
/// minute, each time a little different so that many clients do not come back together.
public struct ReconnectBackoff: Sendable, Equatable {
  /// Ends and failed attempts since the last connection that had lasted; it starts as if one had ended.
  private var failures = 1
  private var connectedAt: Duration?

  /// A connection that lasted so long was a good one: counting starts anew.
  public static let settledAfter: Duration = .seconds(10)
  /// The first wait.
  public static let minimum: Duration = .milliseconds(500)
  /// The longest wait, before it is varied.
  public static let maximum: Duration = .seconds(30)
  /// The shortest wait after a refused login: nobody is locked out, nobody's log is flooded.
  public static let afterRefusedLogin: Duration = .seconds(60)

  /// A fresh count: the first attempt, which is not waited for, lies ahead.
  public init() {}

  /// The broker accepted the connection.
  public mutating func connected(now: Duration) {
    connectedAt = now
  }

  /// A connection ended or did not come about.
  /// - Parameters:
  ///   - loginRefused: the broker refused the credentials; repeating that soon helps nobody.
  ///   - random: from 0 up to 1.
  /// - Returns: how long to wait before the next connect.
  public mutating func delay(now: Duration, loginRefused: Bool, random: Double) -> Duration {
    if let connectedAt, now - connectedAt >= Self.settledAfter { failures = 0 }
    connectedAt = nil
    let doublings = failures - 1
    failures += 1
    if loginRefused { return Self.afterRefusedLogin * (1 + 0.4 * random) }
    guard doublings >= 0 else { return .zero }
    return min(Self.maximum, Self.minimum * (1 << min(doublings, 6))) * (0.8 + 0.4 * random)
  }
}
