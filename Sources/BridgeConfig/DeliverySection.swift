/// `[delivery]`: how long custody stays upstream, and what the bridge takes into its own.
public struct DeliverySection: Sendable, Equatable {
  /// `hold`: how long custody stays upstream while a message is not safe downstream; zero: not at all. At most a
  /// quarter of the MQTT keepalive, since an unanswered broker must still be answered in time.
  public var hold: Duration
  /// `hold_messages`: so many waiting on one connection end the holding as well; at least one.
  public var holdMessages: Int
  /// `journal_max_messages`: how many messages the journal takes for an account or component; at least one.
  public var journalMaxMessages: Int
  /// `journal_max_bytes`: how many bytes it takes in all; more than zero.
  public var journalMaxBytes: Int
  /// `expire_after`: how long an undelivered message is kept; more than zero.
  public var expireAfter: Duration

  /// A section with the defaults of the documentation where nothing else is given.
  public init(
    hold: Duration = .seconds(2), holdMessages: Int = 16, journalMaxMessages: Int = 100_000,
    journalMaxBytes: Int = 256 << 20, expireAfter: Duration = .seconds(7 * 86_400)
  ) {
    self.hold = hold
    self.holdMessages = holdMessages
    self.journalMaxMessages = journalMaxMessages
    self.journalMaxBytes = journalMaxBytes
    self.expireAfter = expireAfter
  }
}
