import TLSEngine
import XMLStream
import XMPP

/// A client session talking to a script: what the server says goes in as XML, what the session does comes out as lines.
struct Conversation {
  var session: ClientSession
  var now: Duration = .seconds(1000)
  let nonce: String

  static let loginFeatures =
    "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>"
  static let bind = "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>"
  static let sm = "<sm xmlns='urn:xmpp:sm:3'/>"

  init(
    jid: String = "bot@example.org", security: ClientSession.Configuration.Security = .none, window: Int = 1000,
    resuming: ResumableSession? = nil, nonce: String = "n1", external: Bool = false
  ) throws {
    self.nonce = nonce
    let credentials = SASLCredentials(
      username: "bot", password: Array("secret".utf8), external: external, authorizationID: nil)
    session = ClientSession(
      configuration: .init(jid: try JID(jid), credentials: credentials, security: security, window: window),
      resuming: resuming, cachedKeys: nil)
  }

  // MARK: What happens

  /// Everything the session wants done, as text.
  mutating func actions() -> [String] {
    var lines: [String] = []
    while let action = session.nextAction() { lines.append(Self.line(action)) }
    return lines
  }

  mutating func connect() -> [String] {
    session.connected(now: now, nonce: nonce)
    return actions()
  }

  mutating func disconnect() -> [String] {
    session.disconnected(now: now)
    return actions()
  }

  /// The server's stream header.
  mutating func open(version: String? = "1.0") -> [String] {
    session.received(.opened(StreamHeader(from: "example.org", id: "s", version: version)), now: now)
    return actions()
  }

  /// Elements from the server, one after the other.
  mutating func receive(_ elements: String...) throws -> [String] {
    for element in elements { session.received(.element(try XMLElement(parsing: element)), now: now) }
    return actions()
  }

  mutating func receive(features: String) throws -> [String] {
    try receive("<features xmlns='http://etherx.jabber.org/streams'>\(features)</features>")
  }

  /// A stream error from the server.
  mutating func receive(streamError condition: String) throws -> [String] {
    try receive(
      "<error xmlns='http://etherx.jabber.org/streams'><\(condition) xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></error>"
    )
  }

  /// `</stream:stream>` from the server.
  mutating func close() -> [String] {
    session.received(.closed, now: now)
    return actions()
  }

  /// Time passes until the session's deadline, if it has one.
  mutating func expire() -> [String] {
    if let deadline = session.deadline {
      now = deadline
      session.timeout(now: now)
    }
    return actions()
  }

  mutating func wait(_ duration: Duration) -> [String] {
    now += duration
    session.timeout(now: now)
    return actions()
  }

  /// Sends `<message id='…'/>` under these sequences and flushes.
  mutating func send(_ sequences: UInt64...) -> [String] {
    session.send(sequences.map(Self.stanza), now: now)
    return flush()
  }

  mutating func flush() -> [String] {
    session.flush(now: now)
    return actions()
  }

  // MARK: Shortcuts

  static func stanza(_ sequence: UInt64) -> OutboundStanza {
    OutboundStanza(sequence: sequence, bytes: Array("<message id='\(sequence)'/>".utf8))
  }

  static func inbound(_ number: Int) -> String { "<message from='alice@example.org/a' id='in\(number)'/>" }

  /// From the TCP connection to the features behind the login; what the session does then.
  mutating func login(features: String = Self.bind + Self.sm) throws -> [String] {
    _ = connect()
    _ = open()
    _ = try receive(features: Self.loginFeatures)
    _ = try receive("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")
    _ = open()
    return try receive(features: features)
  }

  /// The answer to the resource binding.
  mutating func bound(_ jid: String = "bot@example.org/x", id: String? = nil) throws -> [String] {
    try receive(
      "<iq type='result' id='\(id ?? nonce + "-bind")'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>\(jid)</jid></bind></iq>"
    )
  }

  /// A new session with Stream Management.
  mutating func establish(id: String = "sm1") throws -> [String] {
    _ = try login()
    _ = try bound()
    return try receive("<enabled xmlns='urn:xmpp:sm:3' id='\(id)' resume='true'/>")
  }

  /// A new session without Stream Management.
  mutating func establishWithoutManagement() throws -> [String] {
    _ = try login(features: Self.bind)
    return try bound()
  }

  mutating func acknowledge(_ h: String) throws -> [String] {
    try receive("<a xmlns='urn:xmpp:sm:3' h='\(h)'/>")
  }

  mutating func acknowledge(_ h: UInt32) throws -> [String] { try acknowledge(String(h)) }

  mutating func request() throws -> [String] { try receive("<r xmlns='urn:xmpp:sm:3'/>") }

  mutating func resumed(_ h: UInt32, id: String = "sm1") throws -> [String] {
    try receive("<resumed xmlns='urn:xmpp:sm:3' previd='\(id)' h='\(h)'/>")
  }

  // MARK: Lines

  static func line(_ action: ClientSession.Action) -> String {
    switch action {
    case .write(let bytes): "> " + String(decoding: bytes, as: UTF8.self)
    case .startTLS: "start TLS"
    case .resetParser: "reset parser"
    case .deriveKeys: "derive keys"
    case .close: "close"
    case .established(.new(let info)): "new \(info.jid) \(info.id ?? "-")"
    case .established(.resumed(let info)): "resumed \(info.jid) \(info.id ?? "-")"
    case .stanza(let stanza, let number): "stanza \(number) \(stanza.attribute("id") ?? "-")"
    case .acknowledged(let sequence): "acknowledged \(sequence)"
    case .lost([]): "lost nothing"
    case .lost(let stanzas): "lost \(stanzas.map { String($0.sequence) }.joined(separator: " "))"
    case .ended(let end): "ended \(name(of: end))"
    }
  }

  /// The case of an end and what tells it apart.
  static func name(of end: SessionEnd) -> String {
    switch end {
    case .notAuthorized: "notAuthorized"
    case .accountDisabled: "accountDisabled"
    case .credentialsExpired: "credentialsExpired"
    case .temporaryAuthenticationFailure: "temporaryAuthenticationFailure"
    case .authenticationFailed: "authenticationFailed"
    case .noTLS: "noTLS"
    case .tls: "tls"
    case .bindingRefused(let error): "bindingRefused \(error.condition.rawValue)"
    case .conflict: "conflict"
    case .streamError(let condition, _): "streamError \(condition)"
    case .violation(let condition, _): "violation \(condition)"
    case .streamManagement: "streamManagement"
    case .xml: "xml"
    case .timeout: "timeout"
    case .peerClosed: "peerClosed"
    case .ioLost: "ioLost"
    case .loggedOut: "loggedOut"
    case .parked: "parked"
    }
  }

  static let request = "<r xmlns='urn:xmpp:sm:3'/>"
  static func acknowledgement(_ h: UInt32) -> String { "<a xmlns='urn:xmpp:sm:3' h='\(h)'/>" }
  static let closeStream = "</stream:stream>"
}
