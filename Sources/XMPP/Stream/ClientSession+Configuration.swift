extension ClientSession {
  /// What a session needs to know before it begins.
  public struct Configuration: Sendable {
    /// How the link is protected.
    public enum Security: Sendable, Hashable {
      /// TLS is negotiated on the stream, and nothing else happens before (RFC 6120 §5).
      case startTLS
      /// TLS comes first, the stream within it (XEP-0368).
      case directTLS
      /// No TLS, even if offered. Only for loopback.
      case none
    }

    /// The account; a resource in it is asked for, otherwise the server chooses one.
    public var jid: JID
    /// How to log in.
    public var credentials: SASLCredentials
    /// How the link is protected.
    public var security: Security
    /// After how long without anything from the server it is asked for a sign of life.
    public var keepalive: Duration
    /// For how long an answer to that, or to an `<r/>`, may be outstanding.
    public var deadAfter: Duration
    /// For how long one step of the login may take.
    public var stepTimeout: Duration
    /// For how long the login may take as a whole.
    public var loginTimeout: Duration
    /// How many stanzas may wait for the server's acknowledgement.
    public var window: Int
    /// The name of the best SASL mechanism that ever worked for the account: nothing weaker is used.
    public var minimumMechanism: String?

    /// A configuration with the product's times.
    public init(
      jid: JID, credentials: SASLCredentials, security: Security = .startTLS, keepalive: Duration = .seconds(30),
      deadAfter: Duration = .seconds(15), stepTimeout: Duration = .seconds(30), loginTimeout: Duration = .seconds(120),
      window: Int = 1000, minimumMechanism: String? = nil
    ) {
      self.jid = jid
      self.credentials = credentials
      self.security = security
      self.keepalive = keepalive
      self.deadAfter = deadAfter
      self.stepTimeout = stepTimeout
      self.loginTimeout = loginTimeout
      self.window = window
      self.minimumMechanism = minimumMechanism
    }
  }
}
