/// When a message that waits for delivery is too old to be delivered.
///
/// Only messages at the head of a queue that have no number in a live or resumable session may be asked about: what the far
/// side may already have cannot be taken back.
public struct Expiry: Sendable, Equatable {
  /// In milliseconds.
  private let age: Int64?

  /// - Parameter age: how long a message may wait; nil: for ever.
  public init(after age: Duration?) { self.age = age.map(Self.milliseconds) }

  /// The first moment at which a message counts as expired, in milliseconds since 1970; nil: never.
  /// - Parameters:
  ///   - time: when it was read, in milliseconds since 1970.
  ///   - lifetime: the sender's own limit, such as MQTT 5's Message Expiry Interval; the shorter of both counts.
  public func moment(time: Int64, lifetime: Duration? = nil) -> Int64? {
    let lifetime = lifetime.map(Self.milliseconds)
    guard let limit = age ?? lifetime else { return nil }
    let sum = time.addingReportingOverflow(min(limit, lifetime ?? limit))
    return sum.overflow ? nil : sum.partialValue
  }

  /// Whether a message read at `time` is expired at `wallClock`; all in milliseconds since 1970.
  public func hasExpired(time: Int64, lifetime: Duration? = nil, wallClock: Int64) -> Bool {
    guard let moment = moment(time: time, lifetime: lifetime) else { return false }
    return wallClock >= moment
  }

  private static func milliseconds(_ duration: Duration) -> Int64 {
    let (seconds, attoseconds) = duration.components
    let whole = seconds.multipliedReportingOverflow(by: 1_000)
    return whole.overflow ? .max : whole.partialValue + attoseconds / 1_000_000_000_000_000
  }
}
