import TLSEngine
import XMLStream

/// The way from an open TCP connection to a session that carries stanzas: stream header, features, STARTTLS, SASL, then
/// resumption or else resource binding and `<enable/>` (RFC 6120 §4–§7, XEP-0198 §3, §5).
///
/// One value serves one connection. What comes goes in, what is to be done comes out; the first thing that goes wrong
/// ends the connection.
struct StreamNegotiation: Sendable {
  /// The session to be resumed.
  struct Resumption: Sendable, Equatable {
    var id: String
    var h: UInt32
  }

  /// What is to be done, in this order.
  enum Output: Sendable, Equatable {
    case write([UInt8])
    case startTLS
    case resetParser
    case deriveKeys(SCRAMKeyRequest)
    /// The server knows who we are and has proved what it had to; these keys can be used again.
    case authenticated(mechanism: String, keys: SCRAMKeys?)
    case features(StreamFeatures)
    /// The session lives on; the server has handled this many of our stanzas.
    case resumed(h: UInt32)
    /// The session is gone; the server may still know how many of our stanzas it had handled.
    case resumptionFailed(h: UInt32?)
    /// `<enable/>` was written: our stanzas count from here on.
    case enabling
    case established(Bound)
  }

  /// A new session.
  struct Bound: Sendable, Equatable {
    var jid: JID
    /// nil if there is no Stream Management in it.
    var enabled: Enabled?
    /// Stanzas that came before the server began to count.
    var early: [XMLElement] = []
  }

  /// How far the link is, which says what the next stream features are good for.
  enum Stage: Sendable, Equatable {
    case beforeTLS
    case beforeAuthentication
    case authenticated
  }

  enum State: Sendable {
    case idle
    case handshake
    case header(Stage)
    case features(Stage)
    case proceed
    case authenticating(Authentication)
    case deriving(Authentication)
    case resuming
    case binding(id: String, asksForResource: Bool)
    case enabling(Bound)
    case done
  }

  let configuration: ClientSession.Configuration
  /// nil once it was refused.
  var resumption: Resumption?
  let minimumMechanism: String?
  let cachedKeys: SCRAMKeys?
  let nonce: String
  var state = State.idle
  var tls: TLSFacts?
  /// The latest features.
  var features = StreamFeatures()
  /// The SASL mechanisms to choose from, once they are known.
  var offeredMechanisms: [String] = []

  init(
    configuration: ClientSession.Configuration, resumption: Resumption?, minimumMechanism: String?,
    cachedKeys: SCRAMKeys?, nonce: String
  ) {
    self.configuration = configuration
    self.resumption = resumption
    self.minimumMechanism = minimumMechanism
    self.cachedKeys = cachedKeys
    self.nonce = nonce
  }

  /// The most stanzas kept that come before the session counts them: nobody knows its address yet.
  static let earlyLimit = 64

  // MARK: Inputs

  /// The TCP connection is there.
  mutating func start(isDirectTLS: Bool) -> [Output] {
    guard configuration.security != .none else { return [.write(openStream(.beforeAuthentication))] }
    guard isDirectTLS else { return [.write(openStream(.beforeTLS))] }
    state = .handshake
    return []
  }

  /// The TLS handshake is done and the certificate verified.
  mutating func tlsEstablished(_ facts: TLSFacts) -> [Output] {
    guard case .handshake = state else { return [] }
    tls = facts
    return [.write(openStream(.beforeAuthentication))]
  }

  /// Something came from the server.
  mutating func received(_ event: XMLStreamEvent) throws(SessionEnd) -> [Output] {
    switch event {
    case .opened(let header): return try opened(header)
    case .closed: throw .peerClosed
    case .element(let element):
      if let error = StreamError(element) { throw SessionEnd(error) }
      return try received(element)
    }
  }

  private mutating func opened(_ header: StreamHeader) throws(SessionEnd) -> [Output] {
    guard case .header(let stage) = state else {
      throw .violation(condition: "bad-format", reason: "a stream header in the middle of the stream")
    }
    // RFC 6120 §4.7.5: a server that gives no version knows neither features nor SASL.
    guard let version = header.version, version.hasPrefix("1.") else {
      throw .violation(condition: "unsupported-version", reason: "the server does not speak XMPP 1.0")
    }
    state = .features(stage)
    return []
  }

  private mutating func received(_ element: XMLElement) throws(SessionEnd) -> [Output] {
    switch state {
    case .features(let stage):
      guard let features = StreamFeatures(element) else { throw unexpected(element) }
      self.features = features
      return try continued(at: stage)
    case .proceed: return try startTLSAnswered(element)
    case .authenticating(let authentication): return try authenticating(authentication, element)
    case .resuming: return try resuming(element)
    case .binding(let id, let asksForResource):
      return try binding(id: id, asksForResource: asksForResource, element)
    case .enabling(let bound): return try enabling(bound, element)
    case .idle, .handshake, .header, .deriving, .done: throw unexpected(element)
    }
  }

  // MARK: Steps

  mutating func openStream(_ stage: Stage) -> [UInt8] {
    state = .header(stage)
    // RFC 6120 §4.7.1: who we are is not said before TLS. XEP-0388 §2.1 needs it then.
    let from = stage == .beforeTLS ? nil : configuration.jid.bare.description
    return XMLWriter.streamHeader(
      StreamHeader(from: from, to: configuration.jid.domainpart, version: "1.0", language: "en"))
  }

  private mutating func continued(at stage: Stage) throws(SessionEnd) -> [Output] {
    switch stage {
    case .beforeTLS:
      guard features.startTLS else { throw .noTLS }
      state = .proceed
      return [.write(Array("<starttls xmlns='\(Namespace.startTLS)'/>".utf8))]
    case .beforeAuthentication: return try authenticate()
    case .authenticated: return [.features(features)] + (try resumeOrBind())
    }
  }

  private mutating func startTLSAnswered(_ element: XMLElement) throws(SessionEnd) -> [Output] {
    guard element.namespace == Namespace.startTLS else { throw unexpected(element) }
    guard element.name == "proceed" else { throw .noTLS }
    state = .handshake
    return [.startTLS, .resetParser]
  }

  /// What to say of an element that has no place in the present step.
  func unexpected(_ element: XMLElement) -> SessionEnd {
    if element.is("resumed", in: Namespace.streamManagement) { return .streamManagement(.otherSession) }
    guard StanzaKind(element) == nil else {
      return .violation(
        condition: "not-authorized", reason: "<\(element.name)/> before there was a session (\(waitingFor))")
    }
    return .violation(
      condition: "unsupported-stanza-type", reason: "<\(element.name)/> while waiting for \(waitingFor)")
  }

  /// Whether our stream header is out and the stream not yet handed to TLS, so that it could be closed.
  var isStreamOpen: Bool {
    switch state {
    case .idle, .handshake: false
    default: true
    }
  }

  /// What the server, or the slow computation of keys, is waited for.
  var waitingFor: String {
    switch state {
    case .idle: "the connection"
    case .handshake: "the TLS handshake"
    case .header: "the stream header"
    case .features: "the stream features"
    case .proceed: "the answer to <starttls/>"
    case .authenticating: "the answer to the authentication"
    case .deriving: "the keys of the authentication"
    case .resuming: "the answer to <resume/>"
    case .binding: "the answer to the resource binding"
    case .enabling: "the answer to <enable/>"
    case .done: "nothing"
    }
  }
}
