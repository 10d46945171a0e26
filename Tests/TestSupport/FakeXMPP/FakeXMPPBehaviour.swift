public import XMLStream

extension FakeXMPPServer {
  /// What the server offers and how it misbehaves; each setting is looked at when it matters, so it may change at any time.
  public struct Behaviour: Sendable {
    /// Who may log in.
    public var users: [TestUser] = [.bot]
    /// SASL mechanisms it offers; only PLAIN works.
    public var mechanisms = ["PLAIN"]
    /// A SASL failure condition with which every login ends; nil for none.
    public var loginFailure: String?
    /// What it does about STARTTLS; there is no TLS behind `<proceed/>`.
    public var startTLS = StartTLS.absent
    /// The whole `<stream:features/>` before the login instead of its own; nil for its own.
    public var features: String?
    /// Whether it offers XEP-0198.
    public var streamManagement = true
    /// How it answers `<enable/>`.
    public var enabling = Enabling.allowed
    /// Whether `<enabled/>` says that the session can be resumed.
    public var resumable = true
    /// The `max` of `<enabled/>` in seconds; nil to leave it out.
    public var maximum: Int? = 300
    /// The `location` of `<enabled/>`; nil to leave it out.
    public var location: String?
    /// How it answers `<resume/>`.
    public var resumption = Resumption.allowed
    /// How it answers `<r/>`.
    public var acknowledgement = Acknowledgement.exact
    /// It sends `<r/>` after so many stanzas and behind each burst; nil for never.
    public var requestEvery: Int? = 100
    /// Whether stanzas that a dead session left unacknowledged go to the next session, as an offline store does.
    public var keepsOffline = true
    /// The items of the roster, as XML.
    public var roster = "<item jid='alice@localhost' subscription='both'/>"
    /// Answers to stanzas in the test's own words, nil for the server's own answer: an empty answer is none.
    public var answer: (@Sendable (XMLElement) -> String?)?

    /// A server without a fault.
    public init() {}
  }

  /// STARTTLS as the fake server offers it.
  public enum StartTLS: Sendable, Equatable {
    /// It does not.
    case absent
    /// It does, and this stands behind `<proceed/>` in the same packet.
    case offered(behindProceed: String)
    /// It does, and then answers `<failure/>`.
    case refused
  }

  /// Answers to `<enable/>`.
  public enum Enabling: Sendable, Equatable {
    /// `<enabled/>`.
    case allowed
    /// `<failed/>`.
    case refused
    /// No answer.
    case silent
  }

  /// Answers to `<resume/>`.
  public enum Resumption: Sendable, Equatable {
    /// `<resumed/>` if the session is known, else `<failed/>`.
    case allowed
    /// `<failed/>` with its count of the session's stanzas if `count` is true; the session is forgotten.
    case refused(count: Bool)
    /// This, as it is; the session stays.
    case raw(String)
    /// `<resumed/>` that names another session.
    case wrongPrevious
    /// No answer.
    case silent
  }

  /// Answers to `<r/>`, and the count in `<resumed/>`.
  public enum Acknowledgement: Sendable, Equatable {
    /// The number of stanzas received.
    case exact
    /// None at all; `<resumed/>` is exact.
    case dropped
    /// The right number, so much later.
    case delayed(Duration)
    /// A number that is wrong by this much.
    case shifted(Int)
    /// Always this number.
    case fixed(UInt32)
  }

  /// What happened, in order; stanzas are in `stanzas`.
  public enum Event: Sendable, Equatable {
    /// A TCP connection; the number counts from 1.
    case connected(Int)
    /// It is gone.
    case disconnected(Int)
    /// A login.
    case authenticated(String)
    /// A login that failed.
    case refused(String)
    /// The client asked for STARTTLS.
    case startedTLS
    /// A resource was bound: a new session.
    case bound(String)
    /// `<enabled/>` was sent.
    case enabled(String)
    /// `<resumed/>` was sent; `h` is the client's count.
    case resumed(String, h: UInt32)
    /// `<failed/>` was the answer to `<resume/>`; `h` is the client's count.
    case resumptionFailed(String, h: UInt32)
    /// The client is available: messages may go out.
    case available
    /// The client asked for an acknowledgement.
    case requested
    /// The client acknowledged.
    case acknowledged(h: UInt32)
    /// The client acknowledged what it was never sent, or less than before.
    case badAcknowledgement(h: UInt32, sent: UInt32)
    /// The client reported a stream error.
    case streamError(String)
    /// The client closed the stream in order.
    case closed
    /// What the client sent is no XMPP.
    case violation(String)
  }
}
