import DequeModule
public import TLSEngine
public import XMLStream

/// The session of one account, over as many TCP connections as it takes: negotiation, Stream Management, keepalive,
/// leave-taking.
///
/// A pure machine. The owner reports what happens (connections, what the parser found, time) and carries out what
/// ``nextAction()`` says; times are points on one monotonic clock of the owner's. Events of a connection that has ended
/// are ignored, so a replaced socket can do no harm.
///
/// While a session can be resumed, stanzas keep their place and their number whatever happens to the connection. They
/// leave the session in one of two ways only: acknowledged, or handed back by ``Action/lost(unacknowledged:)``.
public struct ClientSession: Sendable {
  enum Phase: Sendable {
    case offline
    case negotiating(StreamNegotiation)
    case established
    /// The last acknowledgements are on their way; the session stays resumable.
    case parking(until: Duration)
    /// Our side of the stream is closed.
    case loggingOut(until: Duration)
  }

  /// What makes a session resumable.
  struct Resumption: Sendable, Equatable {
    var jid: JID
    var id: String
    var location: String?
    var maximum: Duration?
  }

  /// What the session was made with.
  public let configuration: Configuration
  /// Keys of the latest login, which spare the next one their computation.
  public internal(set) var cachedKeys: SCRAMKeys?
  /// The SASL mechanism of the latest login.
  public internal(set) var mechanism: String?
  /// The strongest SASL mechanism that ever worked: nothing weaker is used any more, for whoever sits in between could
  /// strike the better ones from the offer. Worth keeping, as the next session's ``Configuration/minimumMechanism``.
  public internal(set) var strongestMechanism: String?
  /// What the server offered last once the login was done.
  public internal(set) var features = StreamFeatures()
  /// The SASL mechanisms that the server offered on the latest connection, in its order; empty if it came to no offer.
  public private(set) var offeredMechanisms: [String] = []
  /// What is known of the TLS of the latest connection; nil if it came to none.
  public private(set) var tls: TLSFacts?

  var phase = Phase.offline
  var management: StreamManagement
  /// nil if there is nothing that could be resumed; then no stanza outlives its connection.
  var resumption: Resumption?
  var keepalive: Keepalive
  /// Ends of the present negotiation step and of the login.
  var stepDeadline = Duration.zero
  var loginDeadline = Duration.zero
  /// How many connections in a row the server ended without having acknowledged anything on them.
  var fruitlessResumptions = 0
  var isResumed = false
  /// Whether the server hears us on a resumed stream; nil once it has shown that it does.
  var trial: ResumptionTrial?
  /// How often in a row the server resumed the session and then answered nothing.
  var silentResumptions = 0

  private var actions: Deque<Action> = []
  /// Actions that wait and end the work of the present parser.
  private var barriers = 0
  /// What goes to the socket next.
  var output: [UInt8] = []

  /// A session that is not connected.
  /// - Parameters:
  ///   - resuming: a session that an earlier process left behind.
  ///   - cachedKeys: keys of an earlier login.
  public init(configuration: Configuration, resuming session: ResumableSession?, cachedKeys: SCRAMKeys?) {
    self.configuration = configuration
    self.cachedKeys = cachedKeys
    strongestMechanism = configuration.minimumMechanism
    keepalive = Keepalive(silence: configuration.keepalive, deadAfter: configuration.deadAfter, now: .zero)
    if let session {
      management = StreamManagement(session)
      jid = session.jid
      resumption = Resumption(
        jid: session.jid, id: session.id, location: session.location, maximum: session.maximum)
    } else {
      management = StreamManagement()
    }
  }

  // MARK: Actions

  /// The next thing to do; nil if there is nothing for now. What is to be written is held together until everything
  /// else is done that does not depend on it.
  public mutating func nextAction() -> Action? {
    if let action = actions.popFirst() {
      switch action {
      case .startTLS, .resetParser, .close: barriers -= 1
      default: break
      }
      return action
    }
    guard !output.isEmpty else { return nil }
    defer { output = [] }
    return .write(output)
  }

  /// Whether an action waits that ends the work of the present parser: it must deliver nothing more before that is done.
  public var haltsParser: Bool { barriers > 0 }

  mutating func perform(_ action: Action) { actions.append(action) }

  /// For actions that change what the socket carries: everything written so far has to be out before, and what the
  /// parser still holds belongs to the past.
  mutating func performBarrier(_ action: Action) {
    barriers += 1
    if !output.isEmpty {
      actions.append(.write(output))
      output = []
    }
    actions.append(action)
  }

  // MARK: State

  /// Whether stanzas can go out.
  public var isEstablished: Bool {
    if case .established = phase { true } else { false }
  }

  /// How many more stanzas may be sent now.
  public var windowRoom: Int {
    guard isEstablished else { return 0 }
    return max(0, min(configuration.window, StreamManagement.queueLimit) - management.unacknowledgedCount)
  }

  /// The full address of the session; nil if there is none.
  public internal(set) var jid: JID?

  /// The session as it would have to be resumed now; nil if it cannot be. Copies what is unacknowledged.
  public var resumable: ResumableSession? {
    resumption.map {
      ResumableSession(
        jid: $0.jid, id: $0.id, location: $0.location, maximum: $0.maximum, inbound: management.handled,
        outbound: management.acknowledged, unacknowledged: management.unacknowledged)
    }
  }

  /// Where the server wants the next connection of this session, if it said so: `host`, `host:port`, `[address]:port`.
  public var location: String? { resumption?.location }

  /// When to call ``timeout(now:)``; nil if never.
  public var deadline: Duration? {
    var session = self
    return session.nextDeadline()
  }

  /// The same for whoever has the session to himself: to ask it in this way copies nothing.
  public mutating func nextDeadline() -> Duration? {
    switch phase {
    case .offline: nil
    case .negotiating: min(stepDeadline, loginDeadline)
    case .established: min(keepalive.deadline, trial?.deadline ?? keepalive.deadline)
    case .parking(let until), .loggingOut(let until): until
    }
  }

  // MARK: The connection

  /// Before each connection: everything the server sent up to this count is safe here. It is what `<resume/>` will say,
  /// and what the server will not send again.
  public mutating func resumable(inbound: UInt64) {
    guard case .offline = phase, resumption != nil else { return }
    management.resumable(inbound: inbound)
  }

  /// The TCP connection is there.
  /// - Parameters:
  ///   - nonce: fresh random text, printable ASCII without a comma, of at least 128 bits' worth: the client's part of
  ///     SCRAM, and the stem of ids.
  ///   - isDirectTLS: whether the endpoint is one for direct TLS, whose handshake then comes first; nil for what the
  ///     configuration says. Means nothing where the configuration wants no TLS.
  public mutating func connected(now: Duration, nonce: String, isDirectTLS: Bool? = nil) {
    disconnected(now: now)
    (offeredMechanisms, tls) = ([], nil)
    let resuming = resumption.map { StreamNegotiation.Resumption(id: $0.id, h: management.h) }
    var negotiation = StreamNegotiation(
      configuration: configuration, resumption: resuming, minimumMechanism: strongestMechanism,
      cachedKeys: cachedKeys, nonce: nonce)
    management.resuming()
    loginDeadline = now + configuration.loginTimeout
    let outputs = negotiation.start(isDirectTLS: isDirectTLS ?? (configuration.security == .directTLS))
    proceed(negotiation, outputs, now: now)
  }

  /// The TLS handshake is done and the certificate verified.
  public mutating func tlsEstablished(_ facts: TLSFacts, now: Duration) {
    guard case .negotiating(var negotiation) = phase else { return }
    tls = facts
    let outputs = negotiation.tlsEstablished(facts)
    proceed(negotiation, outputs, now: now)
  }

  /// The TLS handshake failed, or the certificate is not to be trusted.
  public mutating func tlsFailed(_ reason: String, now: Duration) {
    end(.tls(reason))
  }

  /// The parser refused what came: the server is told why, and the stream ends.
  public mutating func violated(_ error: XMLStreamError, now: Duration) {
    end(.xml(error))
  }

  /// Bytes came, whether or not they made an event. Optional: it keeps a link alive on which a large stanza is slowly
  /// arriving.
  public mutating func heard(now: Duration) {
    keepalive.heard(at: now)
  }

  /// The parser found something.
  public mutating func received(_ event: XMLStreamEvent, now: Duration) {
    keepalive.heard(at: now)
    switch phase {
    case .offline: break
    case .established: receivedLive(event)
    case .negotiating(var negotiation):
      defer { offeredMechanisms = negotiation.offeredMechanisms }
      do {
        let outputs = try negotiation.received(event)
        proceed(negotiation, outputs, now: now)
      } catch {
        end(error)
      }
    case .parking: receivedWhileParking(event)
    case .loggingOut: receivedWhileLoggingOut(event)
    }
  }

  /// The keys that were asked for are there.
  public mutating func derived(_ keys: SCRAMKeys, now: Duration) {
    guard case .negotiating(var negotiation) = phase else { return }
    do {
      let outputs = try negotiation.derived(keys)
      proceed(negotiation, outputs, now: now)
    } catch {
      end(error)
    }
  }

  /// The connection is gone, whoever closed it.
  public mutating func disconnected(now: Duration) {
    switch phase {
    case .offline: break
    case .negotiating, .established: end(.ioLost, isConnected: false)
    case .parking: end(.parked, isConnected: false)
    case .loggingOut: end(.loggedOut, isConnected: false)
    }
  }

  /// The time in ``deadline`` has come. Too early a call does nothing.
  public mutating func timeout(now: Duration) {
    guard let deadline, now >= deadline else { return }
    switch phase {
    case .offline: break
    case .negotiating(let negotiation): end(.timeout(negotiation.waitingFor))
    case .established:
      if let trial, now >= trial.deadline {
        silentResumptions += 1
        return end(.timeout("an acknowledgement on the resumed stream"))
      }
      switch keepalive.verdict(at: now) {
      case .wait: break
      case .ask: ask(now: now)
      case .dead: end(.timeout("an acknowledgement or an answer to a ping"))
      }
    case .parking: end(.parked)
    case .loggingOut: end(.loggedOut)
    }
  }
}
