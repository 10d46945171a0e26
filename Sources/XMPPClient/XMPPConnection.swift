public import NIOCore
public import NIOPosix
import Platform
public import TLSEngine
public import XMLStream
public import XMPP

/// Who owns an XMPP connection. All calls come on the connection's event loop.
public protocol XMPPConnectionOwner: AnyObject {
  /// What the session has to say, in its order.
  func received(_ event: XMPPConnection.Event)
  /// A turn of the loop is over: everything that one read, timer or connection change brought has been told.
  func turnEnded()
}

/// Runs one `ClientSession` on one event loop, over as many TCP connections as it takes: the shell that owns the socket
/// and decides nothing.
///
/// It connects when it is told to, carries out what the session says, gathers what is to be written into one write a
/// turn, and keeps one timer. Not `Sendable`: all calls come on the event loop.
public final class XMPPConnection {
  /// What the owner hears.
  public enum Event: Sendable {
    /// Stanzas can go out.
    case established(Established)
    /// A stanza with its number in the stream; 0 for one that is not counted.
    case stanza(XMLElement, number: UInt64)
    /// The server has every stanza up to this sequence.
    case acknowledged(upTo: UInt64)
    /// The session is gone for good.
    case lost
    /// The connection, or the attempt, ended; once for each.
    case ended(ConnectionEnd)
  }

  /// The session. Between connections the owner may read it.
  public private(set) var session: ClientSession

  private let eventLoop: any EventLoop
  private let context: TLSContext?
  private let serverName: String
  private let threads: NIOThreadPool
  private let makeNonce: () -> String
  private let findEndpoints: (_ location: String?) -> EventLoopFuture<[XMPPEndpoint]>
  private weak let owner: (any XMPPConnectionOwner)?

  private var handler: XMPPChannelHandler?
  private var isConnecting = false
  private var attempt: UInt64 = 0
  /// Where the present connection leads, or the latest attempt did.
  public private(set) var endpoint: XMPPEndpoint?
  /// The places to try if that turns out to be no good.
  private var untried: ArraySlice<XMPPEndpoint> = []
  /// What became of the places tried in this attempt.
  private var failures: [String] = []
  /// One of them has a certificate that is not to be trusted: that is what people must hear, whatever else failed.
  private var distrust: String?
  /// A place that the server told us to go to; tried first, once (RFC 6120 §4.9.3.19).
  private var redirection: XMPPEndpoint?
  /// The server has begun its stream: from here on it is the right one.
  private var hasStream = false
  /// When the present read began: all that it brings comes at that time.
  private var readAt = Duration.zero
  private var intake = (stanzas: 0, bytes: 0)
  private var isResting = false
  private lazy var timer = DeadlineTimer(eventLoop: eventLoop) { [weak self] in self?.timedOut() }
  private var isTurning = false
  private var isUntrusted = false

  /// A connection that is not connected.
  /// - Parameters:
  ///   - context: how certificates are judged; nil where there is no TLS.
  ///   - serverName: the name to find in the certificate: the domain of the account, as A-labels.
  ///   - threads: where SCRAM keys are computed.
  ///   - makeNonce: fresh random text without a comma.
  ///   - findEndpoints: where to try, in order; given the location of a session that is to be resumed.
  public init(
    session: ClientSession, context: TLSContext?, serverName: String, eventLoop: any EventLoop,
    threads: NIOThreadPool, makeNonce: @escaping () -> String,
    findEndpoints: @escaping (_ location: String?) -> EventLoopFuture<[XMPPEndpoint]>, owner: any XMPPConnectionOwner
  ) {
    self.session = session
    self.context = context
    self.serverName = serverName
    self.eventLoop = eventLoop
    self.threads = threads
    self.makeNonce = makeNonce
    self.findEndpoints = findEndpoints
    self.owner = owner
  }

  /// Whether a connection stands or is being made.
  public var isActive: Bool { isConnecting || handler != nil }

  // MARK: What the owner says

  /// Looks up where the server is, and connects to the first endpoint that takes a TCP connection.
  /// - Parameter inbound: everything the server sent up to this count is safe here.
  public func connect(inbound: UInt64) {
    guard !isActive else { return }
    isConnecting = true
    attempt += 1
    session.resumable(inbound: inbound)
    (untried, failures, distrust) = ([], [], nil)
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    let attempt = attempt
    findEndpoints(session.location).hop(to: eventLoop).whenComplete { result in
      let connection = bound.value
      guard attempt == connection.attempt, connection.isConnecting else { return }
      switch result {
      case .success(let endpoints): connection.connect(toOneOf: endpoints)
      case .failure(let error): connection.endAttempt(.unreachable("\(error)"))
      }
    }
  }

  /// There is no connection, and none will come of this attempt.
  private func endAttempt(_ end: ConnectionEnd) {
    isConnecting = false
    attempt += 1
    untried = []
    owner?.received(.ended(end))
    owner?.turnEnded()
  }

  /// Sends stanzas whose numbers are durable.
  public func send(_ stanzas: [OutboundStanza]) {
    session.send(stanzas, now: Clocks.monotonic())
  }

  /// All inbound stanzas up to this number are in our custody.
  public func handled(upTo inbound: UInt64) {
    session.handled(upTo: inbound)
  }

  /// Closes the stream in order.
  public func logout() {
    session.logout(now: Clocks.monotonic())
    runTurn()
    if isConnecting { endAttempt(.session(.loggedOut)) }
  }

  /// Leaves the session so that it can be resumed.
  public func park() {
    session.park(now: Clocks.monotonic())
    runTurn()
    if isConnecting { endAttempt(.session(.parked)) }
  }

  /// Drops the connection at once; the session may be resumed.
  public func abort() {
    if isConnecting { return endAttempt(.session(.ioLost)) }
    handler?.close()
  }

  /// Reads only when asked by ``readOnce()``, so that TCP slows the server down; or goes on by itself. Each connection begins
  /// so. The server is listened to all the while, and a silence is held against it.
  public func rest(_ isResting: Bool) {
    guard isResting != self.isResting else { return }
    self.isResting = isResting
    handler?.setReading(!isResting)
  }

  /// Reads what is there, or comes next, up to 64 KiB.
  public func readOnce() {
    handler?.readOnce()
  }

  /// How many stanzas have come since it was last asked, and how many bytes from the socket.
  public func takeIntake() -> (stanzas: Int, bytes: Int) {
    defer { intake = (0, 0) }
    return intake
  }

  /// Ends the turn that the owner's calls made: carries out what the session says and writes it in one go.
  public func endTurn() { runTurn(ownerIsDone: true) }

  // MARK: Connecting

  private func connect(toOneOf endpoints: [XMPPEndpoint]) {
    let first = redirection.map { [$0] } ?? []
    redirection = nil
    untried = (first + endpoints.filter { !first.contains($0) })[...]
    connectToNext()
  }

  private func connectToNext() {
    guard let endpoint = untried.popFirst() else {
      let places = failures.joined(separator: "; ")
      return endAttempt(distrust.map { .untrusted($0) } ?? .unreachable(places.isEmpty ? "no place to try" : places))
    }
    self.endpoint = endpoint
    let attempt = attempt
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    ClientBootstrap(group: eventLoop)
      .connectTimeout(.seconds(15))
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 4_096))
      .channelOption(.maxMessagesPerRead, value: 16)
      .connect(host: endpoint.host, port: endpoint.port)
      .whenComplete { result in
        bound.value.attempted(result, endpoint: endpoint, attempt: attempt)
      }
  }

  private func attempted(
    _ result: Result<any Channel, any Error>, endpoint: XMPPEndpoint, attempt: UInt64
  ) {
    guard attempt == self.attempt, isConnecting else {
      if case .success(let channel) = result { channel.close(promise: nil) }
      return
    }
    switch result {
    case .failure(let error):
      failures.append("\(endpoint): \(ConnectFailure.text(of: error))")
      connectToNext()
    case .success(let channel):
      let handler = XMPPChannelHandler(connection: self)
      do {
        try channel.pipeline.syncOperations.addHandler(handler)
      } catch {
        // It is closed already.
        failures.append("\(endpoint): \(ConnectFailure.text(of: error))")
        return connectToNext()
      }
      isConnecting = false
      (hasStream, isUntrusted, isResting) = (false, false, false)
      self.handler = handler
      session.connected(now: Clocks.monotonic(), nonce: makeNonce(), isDirectTLS: endpoint.isDirectTLS)
      if endpoint.isDirectTLS { startTLS() }
      runTurn()
    }
  }

  // MARK: What the channel says

  /// Bytes came, whether or not they made an event.
  func heard(_ count: Int) {
    intake.bytes += count
    readAt = Clocks.monotonic()
    session.heard(now: readAt)
  }

  func opened(_ event: XMLStreamEvent) {
    hasStream = true
    session.received(event, now: readAt)
    carryOut()
  }

  func violated(_ error: XMLStreamError) {
    session.violated(error, now: Clocks.monotonic())
    carryOut()
  }

  func tlsEstablished(_ facts: TLSFacts) {
    session.tlsEstablished(facts, now: Clocks.monotonic())
    carryOut()
  }

  func tlsFailed(_ error: TLSError) {
    switch error {
    case .certificate, .pinMismatch: isUntrusted = true
    case .protocolFailure, .configuration: isUntrusted = false
    }
    session.tlsFailed(error.description, now: Clocks.monotonic())
    carryOut()
  }

  func closed(by handler: XMPPChannelHandler) {
    guard handler === self.handler else { return }
    self.handler = nil
    session.disconnected(now: Clocks.monotonic())
    runTurn()
  }

  // MARK: Turns

  /// Carries out what the session says until it has nothing more to say, then writes.
  /// - Parameter ownerIsDone: the owner has ended its turn; it is asked to again only if there is something new for it.
  func runTurn(ownerIsDone: Bool = false) {
    guard !isTurning else { return }
    isTurning = true
    var hasNews = carryOut() || !ownerIsDone
    repeat {
      if hasNews { owner?.turnEnded() }
      session.flush(now: Clocks.monotonic())
      // What was held while a resumed stream was on trial comes out here, for instance: the owner's turn needs another end.
      hasNews = carryOut()
    } while hasNews
    isTurning = false
    handler?.flush()
    CrashPoint.written()
    timer.set(session.nextDeadline())
  }

  /// Returns whether the owner was told anything.
  @discardableResult
  private func carryOut() -> Bool {
    var hasTold = false
    while let action = session.nextAction() {
      switch action {
      case .write(let bytes): handler?.write(bytes)
      case .startTLS: startTLS()
      case .resetParser: handler?.resetParser()
      case .deriveKeys(let request): derive(request)
      case .close: handler?.closeWhenWritten()
      case .established(let established):
        (untried, failures, distrust) = ([], [], nil)
        LoginMemory.loggedIn(on: eventLoop, threads)
        tell(.established(established))
      case .stanza(let element, let number):
        intake.stanzas += 1
        tell(.stanza(element, number: number))
      case .acknowledged(let sequence): tell(.acknowledged(upTo: sequence))
      case .lost: tell(.lost)
      case .ended(let end):
        // Whatever still comes through this socket belongs to nobody.
        handler?.detach()
        handler = nil
        hasTold = true
        ended(end)
      }
    }
    return hasTold

    func tell(_ event: Event) {
      hasTold = true
      owner?.received(event)
    }
  }

  /// The connection is over. If it never came to a stream that could be trusted, the next place may be better
  /// (XEP-0368).
  private func ended(_ end: SessionEnd) {
    if case .streamError("see-other-host", let place?) = end, session.configuration.security != .none {
      redirection = XMPPEndpoint(place: place, isDirectTLS: endpoint?.isDirectTLS == true)
    }
    // A certificate that nobody vouches for is not mended by trying again soon.
    if case .tls(let text) = end, isUntrusted { distrust = distrust ?? text }
    if let endpoint, !untried.isEmpty, isFaultOfPlace(end) {
      failures.append("\(endpoint): \(end)")
      isConnecting = true
      return connectToNext()
    }
    owner?.received(.ended(distrust.map { .untrusted($0) } ?? .session(end)))
  }

  private func isFaultOfPlace(_ end: SessionEnd) -> Bool {
    switch end {
    case .tls: true
    case .ioLost, .timeout, .peerClosed: !hasStream
    default: false
    }
  }

  private func startTLS() {
    guard let context else {
      return session.tlsFailed(
        "the server's certificate cannot be judged: TLS is not configured", now: Clocks.monotonic())
    }
    do throws(TLSError) {
      handler?.startTLS(try TLSSession(context: context, serverName: serverName))
    } catch {
      session.tlsFailed(error.description, now: Clocks.monotonic())
    }
  }

  private func derive(_ request: SCRAMKeyRequest) {
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    let attempt = attempt
    threads.runIfActive(eventLoop: eventLoop) { request.derive() }.whenSuccess { keys in
      let connection = bound.value
      guard connection.attempt == attempt else { return }
      connection.session.derived(keys, now: Clocks.monotonic())
      connection.runTurn()
    }
  }

  private func timedOut() {
    session.timeout(now: Clocks.monotonic())
    runTurn()
  }
}
