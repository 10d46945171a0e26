/// What a test wants of a real XMPP server, in words that hold for Prosody and ejabberd.
public struct XMPPServerOptions: Sendable {
  /// Accounts of the server's domain.
  public var users: [TestUser] = [.bot, .alice]
  /// Pairs of users that are in each other's roster with a subscription both ways.
  public var contacts: [Contact] = [Contact("bot", "alice")]
  /// Certificate for STARTTLS and direct TLS; nil for none: then only plain streams are possible.
  public var certificate: Certificates.Pair?
  /// Whether a stream must be encrypted before a login.
  public var requiresEncryption = false
  /// Whether there is also a port where TLS comes first (`xmpps-client`).
  public var directTLS = false
  /// XEP-0198.
  public var streamManagement = true
  /// How many stanzas the server keeps unacknowledged before it gives a session up; nil for its own default
  /// (Prosody 500, ejabberd 5000).
  public var acknowledgementQueue: Int? = 100_000
  /// For how many seconds a session waits to be resumed; nil for the server's own default.
  public var resumptionTime: Int?
  /// XEP-0160: messages to somebody who is not there wait for him.
  public var offlineMessages = true
  /// XEP-0313: the server archives one-to-one messages, by default all of them.
  public var archive = false
  /// XEP-0280.
  public var carbons = true
  /// XEP-0163 and XEP-0060: `pubsub.localhost` and personal eventing.
  public var pubsub = false
  /// XEP-0045: rooms at `conference.localhost`.
  public var rooms = false
  /// Domains that components may serve, each with its secret.
  public var components: [String: String] = [:]
  /// Further lines: of Prosody's VirtualHost, or of ejabberd's `modules`, with their indentation.
  public var extra: [String] = []

  /// The defaults: `bot` and `alice`, who know each other, over plain loopback.
  public init() {}

  /// Two users with a mutual subscription.
  public struct Contact: Sendable, Hashable {
    /// One of them.
    public var first: String
    /// The other.
    public var second: String

    /// A mutual subscription of two users, by their names.
    public init(_ first: String, _ second: String) {
      self.first = first
      self.second = second
    }
  }
}
