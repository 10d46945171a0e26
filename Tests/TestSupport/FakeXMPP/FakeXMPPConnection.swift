import Foundation
import NIOCore
import XMLStream

/// One client stream of the fake server. Lives on the engine's loop.
final class FakeXMPPConnection: @unchecked Sendable {
  let id: Int
  let channel: any Channel
  var session: FakeXMPPEngine.Session?
  /// Whether the client has sent presence, now or before a resumption.
  private(set) var isAvailable = false
  private(set) var isOpen = true
  private let engine: FakeXMPPEngine
  private var user: String?
  /// Whether stanzas are counted and acknowledged.
  private var isManaged = false
  private var isClosing = false
  private var output = ByteBuffer()
  private var sinceRequest = 0
  private var batch: [XMLElement] = []

  init(id: Int, channel: any Channel, engine: FakeXMPPEngine) {
    self.id = id
    self.channel = channel
    self.engine = engine
  }

  func begin() throws {
    engine.events.append(.connected(id))
    let events = XMLEventHandler(
      received: { self.received($0) },
      flushed: { self.readComplete() },
      ended: { [engine] reason in
        if reason.hasPrefix("the peer sent") { engine.events.append(.violation(reason)) }
        self.ended()
      })
    try channel.pipeline.syncOperations.addHandlers(ReadLimitHandler(self), events)
    if engine.isStalled { setReading(false) }
  }

  // MARK: Input

  private func received(_ event: XMLStreamEvent) -> XMLEventHandler.Next {
    switch event {
    case .opened: openStream()
    case .closed:
      engine.events.append(.closed)
      write("</stream:stream>")
      if let session { engine.end(session) }
      close()
    case .element(let element): return received(element)
    }
    return .sameStream
  }

  private func received(_ element: XMLElement) -> XMLEventHandler.Next {
    if ["message", "presence", "iq"].contains(element.name) {
      handle(stanza: element)
      return .sameStream
    }
    switch element.name {
    case "auth": return authenticate(element)
    case "starttls": startTLS()
    case "enable": enable(element)
    case "resume": resume(element)
    case "r": acknowledge()
    case "a": acknowledged(element)
    case "error":
      engine.events.append(.streamError(element.children.first?.name ?? ""))
    default: engine.events.append(.violation("<\(element.name)/>"))
    }
    return .sameStream
  }

  private func readComplete() {
    if !batch.isEmpty {
      engine.stanzas.append(contentsOf: batch)
      engine.messages.append(contentsOf: batch.compactMap(ChatMessage.init))
      batch = []
    }
    flush()
  }

  /// How many of `count` bytes that were read may be looked at.
  fileprivate func allowance(_ count: Int) -> Int {
    guard let limit = engine.readLimit else { return count }
    engine.readLimit = count < limit ? limit - count : nil
    if count >= limit { engine.loop.execute { self.reset() } }
    return min(count, limit)
  }

  func setReading(_ reads: Bool) {
    try? channel.syncOptions?.setOption(.autoRead, value: reads)
    if reads { channel.read() }
  }

  // MARK: Negotiation

  private func openStream() {
    write(
      "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
        + "from='localhost' id='stream-\(engine.next())' version='1.0' xml:lang='en'>")
    if user == nil {
      let mechanisms = engine.behaviour.mechanisms.map { "<mechanism>\($0)</mechanism>" }.joined()
      let startTLS = engine.behaviour.startTLS == .absent ? "" : "<starttls xmlns='\(Namespace.tls)'/>"
      write(
        engine.behaviour.features
          ?? "<stream:features>\(startTLS)<mechanisms xmlns='\(Namespace.sasl)'>\(mechanisms)</mechanisms></stream:features>"
      )
    } else {
      let management = engine.behaviour.streamManagement ? "<sm xmlns='\(Namespace.management)'/>" : ""
      write("<stream:features><bind xmlns='\(Namespace.bind)'/>\(management)</stream:features>")
    }
  }

  private func startTLS() {
    engine.events.append(.startedTLS)
    switch engine.behaviour.startTLS {
    case .absent, .refused: write("<failure xmlns='\(Namespace.tls)'/></stream:stream>")
    case .offered(let behind): write("<proceed xmlns='\(Namespace.tls)'/>\(behind)")
    }
  }

  private func authenticate(_ element: XMLElement) -> XMLEventHandler.Next {
    let parts = (Data(base64Encoded: element.text) ?? Data()).split(separator: 0, omittingEmptySubsequences: false)
    let words = parts.map { String(decoding: $0, as: UTF8.self) }
    let known = words.count == 3 && engine.behaviour.users.contains(TestUser(words[1], password: words[2]))
    let failure = engine.behaviour.loginFailure ?? (known ? nil : "not-authorized")
    guard element.attribute("mechanism") == "PLAIN", failure == nil else {
      engine.events.append(.refused(words.count == 3 ? words[1] : ""))
      write("<failure xmlns='\(Namespace.sasl)'><\(failure ?? "invalid-mechanism")/></failure>")
      return .sameStream
    }
    user = words[1]
    engine.events.append(.authenticated(words[1]))
    write("<success xmlns='\(Namespace.sasl)'/>")
    return .newStream
  }

  private func bind(_ element: XMLElement) {
    guard let user, session == nil else { return fail("not-authorized") }
    let wanted = element.child("bind", in: Namespace.bind)?.child("resource", in: Namespace.bind)?.text ?? ""
    let jid = "\(user)@localhost/\(wanted.isEmpty ? "resource-\(engine.next())" : wanted)"
    session = engine.beginSession(user: user, jid: jid, connection: self)
    engine.events.append(.bound(jid))
    let id = (element.attribute("id") ?? "").xmlEscaped
    write(
      "<iq type='result' id='\(id)'><bind xmlns='\(Namespace.bind)'><jid>\(jid.xmlEscaped)</jid></bind></iq>")
  }

  // MARK: Stream management (XEP-0198)

  private func enable(_ element: XMLElement) {
    guard let session, !isManaged, engine.behaviour.streamManagement else {
      return fail("unsupported-stanza-type")
    }
    switch engine.behaviour.enabling {
    case .silent: break
    case .refused:
      write("<failed xmlns='\(Namespace.management)'><internal-server-error xmlns='\(Namespace.stanzas)'/></failed>")
    case .allowed:
      isManaged = true
      let wanted = ["true", "1"].contains(element.attribute("resume"))
      session.resumable = wanted && engine.behaviour.resumable
      var attributes = ""
      if session.resumable {
        attributes = " id='\(session.id)' resume='true'"
        if let maximum = engine.behaviour.maximum { attributes += " max='\(maximum)'" }
        if let location = engine.behaviour.location { attributes += " location='\(location)'" }
      }
      write("<enabled xmlns='\(Namespace.management)'\(attributes)/>")
      engine.events.append(.enabled(session.id))
    }
  }

  private func resume(_ element: XMLElement) {
    let previous = element.attribute("previd") ?? ""
    let h = UInt32(element.attribute("h") ?? "") ?? 0
    guard session == nil, user != nil else { return fail("unexpected-request") }
    let known = engine.session(previous, user: user).flatMap { $0.resumable ? $0 : nil }
    switch engine.behaviour.resumption {
    case .silent: return
    case .raw(let answer): return write(answer)
    case .refused(let count):
      let attribute = count && known != nil ? " h='\(known?.inbound ?? 0)'" : ""
      if let known { engine.end(known) }
      return refuse(previous, h, attribute)
    case .allowed, .wrongPrevious: break
    }
    guard let known else { return refuse(previous, h, "") }
    guard known.acknowledge(h) else {
      engine.events.append(.badAcknowledgement(h: h, sent: known.acknowledged &+ UInt32(known.unacknowledged.count)))
      return fail("undefined-condition")
    }
    engine.take(known, by: self)
    session = known
    isManaged = true
    let name = engine.behaviour.resumption == .wrongPrevious ? "session-of-somebody-else" : previous
    write("<resumed xmlns='\(Namespace.management)' h='\(count() ?? known.inbound)' previd='\(name)'/>")
    for stanza in known.unacknowledged { write(stanza) }
    if !known.unacknowledged.isEmpty, engine.behaviour.requestEvery != nil { requestAcknowledgement() }
    engine.events.append(.resumed(previous, h: h))
    isAvailable = true
    engine.loop.execute { self.engine.pump() }
  }

  private func refuse(_ previous: String, _ h: UInt32, _ attribute: String) {
    write(
      "<failed xmlns='\(Namespace.management)'\(attribute)><item-not-found xmlns='\(Namespace.stanzas)'/></failed>")
    engine.events.append(.resumptionFailed(previous, h: h))
  }

  /// The count that an acknowledgement names; nil if there is to be none.
  private func count() -> UInt32? {
    guard let session else { return nil }
    return switch engine.behaviour.acknowledgement {
    case .exact, .delayed: session.inbound
    case .dropped: nil
    case .shifted(let by): session.inbound &+ UInt32(truncatingIfNeeded: by)
    case .fixed(let count): count
    }
  }

  private func acknowledge() {
    engine.events.append(.requested)
    guard isManaged, let count = count() else { return }
    let answer = "<a xmlns='\(Namespace.management)' h='\(count)'/>"
    guard case .delayed(let time) = engine.behaviour.acknowledgement else { return write(answer) }
    engine.loop.scheduleTask(in: .nanoseconds(Int64(time.seconds * 1e9))) {
      self.write(answer)
      self.flush()
    }
  }

  private func acknowledged(_ element: XMLElement) {
    guard let session, isManaged, let h = UInt32(element.attribute("h") ?? "") else { return }
    if session.acknowledge(h) {
      engine.events.append(.acknowledged(h: h))
    } else {
      let sent = session.acknowledged &+ UInt32(session.unacknowledged.count)
      engine.events.append(.badAcknowledgement(h: h, sent: sent))
    }
  }

  func requestAcknowledgement() {
    guard isManaged else { return }
    sinceRequest = 0
    write("<r xmlns='\(Namespace.management)'/>")
  }

  // MARK: Stanzas

  private func handle(stanza element: XMLElement) {
    if isManaged { session?.inbound &+= 1 }
    batch.append(element)
    if let answer = engine.behaviour.answer?(element) {
      if !answer.isEmpty { send(contentsOf: [answer]) }
      return
    }
    if element.name == "iq", ["get", "set"].contains(element.attribute("type")) {
      answer(iq: element)
    } else if element.name == "presence", element.attribute("to") == nil {
      let wasAvailable = isAvailable
      isAvailable = element.attribute("type") != "unavailable"
      if isAvailable, !wasAvailable {
        engine.events.append(.available)
        engine.loop.execute { self.engine.pump() }
      }
    }
  }

  private func answer(iq element: XMLElement) {
    if element.child("bind", in: Namespace.bind) != nil { return bind(element) }
    let id = (element.attribute("id") ?? "").xmlEscaped
    let from = element.attribute("to").map { " from='\($0.xmlEscaped)'" } ?? ""
    func result(_ payload: String) { send(contentsOf: ["<iq type='result' id='\(id)'\(from)>\(payload)</iq>"]) }
    if element.child("query", in: "jabber:iq:roster") != nil {
      result("<query xmlns='jabber:iq:roster'>\(engine.behaviour.roster)</query>")
    } else if element.child("ping", in: "urn:xmpp:ping") != nil {
      result("")
    } else if element.child("query", in: "http://jabber.org/protocol/disco#info") != nil {
      result("<query xmlns='http://jabber.org/protocol/disco#info'><identity category='server' type='im'/></query>")
    } else {
      send(contentsOf: [
        "<iq type='error' id='\(id)'\(from)><error type='cancel'><service-unavailable xmlns='\(Namespace.stanzas)'/></error></iq>"
      ])
    }
  }

  /// Sends stanzas: counted if stream management is on.
  func send(contentsOf stanzas: some Collection<String>) {
    for stanza in stanzas {
      write(stanza)
      guard isManaged, let session else { continue }
      session.unacknowledged.append(stanza)
      sinceRequest += 1
      if let every = engine.behaviour.requestEvery, sinceRequest >= every { requestAcknowledgement() }
    }
    flush()
  }

  // MARK: Output

  func write(_ text: String) {
    output.writeString(text)
    if output.readableBytes > 65_536 { flush() }
  }

  func flush() {
    guard isOpen, !engine.isStalled, output.readableBytes > 0 else { return }
    var bytes = output
    output = ByteBuffer()
    if let limit = engine.writeLimit {
      engine.writeLimit = bytes.readableBytes < limit ? limit - bytes.readableBytes : nil
      if bytes.readableBytes >= limit {
        bytes = bytes.readSlice(length: limit) ?? ByteBuffer()
        isClosing = true
      }
    }
    let closes = isClosing
    if closes { isOpen = false }
    channel.writeAndFlush(bytes).whenComplete { _ in
      if closes { self.channel.close(promise: nil) } else { self.engine.pump() }
    }
  }

  /// Ends the stream with an error; the session is over.
  func fail(_ condition: String) {
    write("<stream:error><\(condition) xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>")
    if let session { engine.end(session) }
    close()
  }

  /// Closes once everything has been written.
  private func close() {
    isClosing = true
    if output.readableBytes == 0 { channel.close(promise: nil) } else { flush() }
  }

  /// Closes with RST; what was written and did not arrive is lost.
  func reset() {
    guard isOpen else { return }
    isOpen = false
    channel.resetOnClose()
    channel.close(promise: nil)
  }

  private func ended() {
    isOpen = false
    isAvailable = false
    readComplete()
    engine.gone(self)
  }
}

/// Drops what a test does not want the server to have received.
private final class ReadLimitHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  private let connection: FakeXMPPConnection

  init(_ connection: FakeXMPPConnection) { self.connection = connection }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var buffer = unwrapInboundIn(data)
    if let bytes = buffer.readSlice(length: connection.allowance(buffer.readableBytes)), bytes.readableBytes > 0 {
      context.fireChannelRead(wrapInboundOut(bytes))
    }
  }
}

/// Namespaces of the negotiation.
private enum Namespace {
  static let sasl = "urn:ietf:params:xml:ns:xmpp-sasl"
  static let tls = "urn:ietf:params:xml:ns:xmpp-tls"
  static let bind = "urn:ietf:params:xml:ns:xmpp-bind"
  static let stanzas = "urn:ietf:params:xml:ns:xmpp-stanzas"
  static let management = "urn:xmpp:sm:3"
}
