import Synchronization
public import XMLStream

/// The person at the other end: a small XMPP client of its own, over plain TCP with SASL PLAIN and without stream
/// management, so that what it sees is what any client would see.
public final class XMPPTestClient: Sendable {
  /// Its full JID.
  public let jid: String
  /// Every first-level element that came in.
  public var elements: Record<XMLElement> { stream.elements }
  /// The messages with a body among them.
  public var messages: Record<ChatMessage> { stream.messages }

  private let stream: RawXMPPClient
  private let number = Atomic<Int>(0)

  private init(_ stream: RawXMPPClient, jid: String) {
    self.stream = stream
    self.jid = jid
  }

  // MARK: Coming and going

  /// Logs in and becomes available.
  /// - Parameters:
  ///   - available: whether to send initial presence; without it no messages arrive.
  ///   - receipts: whether it answers XEP-0184 requests.
  /// - Throws: `TestFailure` with the server's words if it refuses.
  public static func connect(
    _ user: TestUser, port: Int, resource: String = "phone", available: Bool = true, receipts: Bool = false
  ) async throws -> XMPPTestClient {
    let stream = try await RawXMPPClient.connect(port) { automaticAnswer(to: $0, receipts: receipts) }
    try await stream.login(user)
    let client = XMPPTestClient(stream, jid: try await stream.bind(resource))
    if available {
      client.send("<presence/>")
      // The server reflects the presence of a resource to itself: from then on messages arrive.
      let jid = client.jid
      _ = try await stream.elements.first("own presence") {
        $0.name == "presence" && $0.attribute("from") == jid
      }
    }
    return client
  }

  /// Makes an account by XEP-0077.
  public static func register(_ user: TestUser, port: Int) async throws { try await register([user], port: port) }

  /// Makes many accounts by XEP-0077 over one stream; not every server allows more than one.
  public static func register(_ users: [TestUser], port: Int) async throws {
    let stream = try await RawXMPPClient.connect(port)
    _ = try await stream.elements.first("stream features") { $0.name == "features" }
    let mark = stream.elements.count
    try await stream.send(
      contentsOf: users.map { user in
        "<iq type='set' id='\(user.name)'><query xmlns='jabber:iq:register'><username>\(user.name)</username>"
          + "<password>\(user.password)</password></query></iq>"
      })
    let answers = try await stream.elements.first(users.count, "answers to registrations", from: mark) {
      $0.name == "iq" && $0.attribute("id") != nil
    }
    if let refusal = answers.first(where: { $0.attribute("type") != "result" }) {
      throw TestFailure("registering: \(refusal)")
    }
  }

  /// Logs out with `</stream:stream>` and returns when the server has closed, too.
  public func disconnect() async throws {
    send("<presence type='unavailable'/></stream:stream>")
    try await stream.closed()
  }

  /// From here on only the bodies of messages are recorded, and nothing is answered: for loads of thousands a second.
  public func scanBodies() async throws -> Record<[UInt8]> { try await stream.scanBodies() }

  /// Drops the connection without a word.
  public func cut() async throws { try await stream.close() }

  /// What any well-behaved client answers by itself.
  private static func automaticAnswer(to element: XMLElement, receipts: Bool) -> String? {
    let from = (element.attribute("from") ?? "").xmlEscaped
    let id = (element.attribute("id") ?? "").xmlEscaped
    if element.name == "iq" {
      switch element.attribute("type") {
      case "set" where element.child("query", in: "jabber:iq:roster") != nil,
        "get" where element.child("ping", in: "urn:xmpp:ping") != nil:
        return "<iq type='result' id='\(id)' to='\(from)'/>"
      case "get", "set":
        return "<iq type='error' id='\(id)' to='\(from)'><error type='cancel'>"
          + "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
      default: return nil
      }
    }
    if receipts, element.name == "message", element.child("request", in: "urn:xmpp:receipts") != nil {
      return "<message to='\(from)'><received xmlns='urn:xmpp:receipts' id='\(id)'/></message>"
    }
    return nil
  }

  // MARK: Sending

  /// Sends XML as it is.
  public func send(_ xml: String) { stream.send(xml) }

  /// Sends many stanzas in one go; returns when all are handed to the system.
  public func send(contentsOf stanzas: [String]) async throws { try await stream.send(contentsOf: stanzas) }

  /// Sends a chat message.
  public func send(_ body: String, to jid: String, id: String? = nil) {
    send(Self.message(body, to: jid, id: id ?? nextID("m")))
  }

  /// Sends many messages in order and at full speed.
  public func send(bodies: [String], to jid: String, type: String = "chat") async throws {
    try await send(contentsOf: bodies.map { Self.message($0, to: jid, id: nextID("m"), type: type) })
  }

  /// Sends many chat messages in order, so many every second: a load with a pace of its own.
  public func send(bodies: [String], to jid: String, everySecond count: Int) async throws {
    let clock = ContinuousClock()
    let begin = clock.now
    for start in stride(from: 0, to: bodies.count, by: count) {
      try await clock.sleep(until: begin + .seconds(start / count))
      try await send(bodies: Array(bodies[start..<min(start + count, bodies.count)]), to: jid)
    }
  }

  /// The XML of a message.
  public static func message(_ body: String, to jid: String, id: String, type: String = "chat") -> String {
    "<message type='\(type)' to='\(jid.xmlEscaped)' id='\(id.xmlEscaped)'><body>\(body.xmlEscaped)</body></message>"
  }

  /// Sends a request and waits for its answer, of type `result` or `error`.
  /// - Parameters:
  ///   - payload: the XML inside the iq.
  ///   - to: nil for the own account.
  public func iq(_ type: String, to: String? = nil, _ payload: String) async throws -> XMLElement {
    let id = nextID("q")
    let address = to.map { " to='\($0.xmlEscaped)'" } ?? ""
    let mark = elements.count
    send("<iq type='\(type)' id='\(id)'\(address)>\(payload)</iq>")
    return try await elements.first("the answer to iq \(id)", from: mark) {
      $0.name == "iq" && $0.attribute("id") == id && ["result", "error"].contains($0.attribute("type"))
    }
  }

  /// What the own archive holds of the talk with a bare JID, oldest first (XEP-0313).
  public func archive(with jid: String) async throws -> [ChatMessage] {
    var found: [ChatMessage] = []
    var after: String?
    while true {
      let query = nextID("archive")
      let mark = elements.count
      let answer = try await iq(
        "set",
        "<query xmlns='urn:xmpp:mam:2' queryid='\(query)'><x xmlns='jabber:x:data' type='submit'>"
          + "<field var='FORM_TYPE' type='hidden'><value>urn:xmpp:mam:2</value></field>"
          + "<field var='with'><value>\(jid.xmlEscaped)</value></field></x>"
          + "<set xmlns='http://jabber.org/protocol/rsm'><max>200</max>"
          + (after.map { "<after>\($0.xmlEscaped)</after>" } ?? "") + "</set></query>")
      guard let end = answer.child("fin", in: "urn:xmpp:mam:2") else {
        throw TestFailure("the archive says: \(answer)")
      }
      let page = elements.all[mark...].compactMap { element in
        element.child("result", in: "urn:xmpp:mam:2").flatMap { $0.attribute("queryid") == query ? $0 : nil }
      }
      found += page.compactMap { result in
        result.child("forwarded", in: "urn:xmpp:forward:0")?.child("message", in: "jabber:client").flatMap(
          ChatMessage.init)
      }
      after = page.last?.attribute("id")
      if page.isEmpty || end.attribute("complete") == "true" { return found }
    }
  }

  // MARK: Contacts

  /// Gives two users a mutual subscription.
  public static func befriend(_ first: TestUser, _ second: TestUser, port: Int) async throws {
    let one = try await connect(first, port: port, resource: "befriending")
    let other = try await connect(second, port: port, resource: "befriending")
    // Who asked for the roster gets its changes.
    _ = try await one.iq("get", "<query xmlns='jabber:iq:roster'/>")
    _ = try await other.iq("get", "<query xmlns='jabber:iq:roster'/>")
    try await other.subscribe(to: one)
    try await one.subscribe(to: other)
    for client in [one, other] {
      _ = try await client.elements.first("a subscription both ways") { element in
        let item = element.child("query", in: "jabber:iq:roster")?.child("item", in: "jabber:iq:roster")
        return element.attribute("type") == "set" && item?.attribute("subscription") == "both"
      }
      try await client.disconnect()
    }
  }

  /// The bare form of its JID.
  public var bareJID: String { String(jid.prefix { $0 != "/" }) }

  private func subscribe(to other: XMPPTestClient) async throws {
    send("<presence type='subscribe' to='\(other.bareJID)'/>")
    let from = bareJID
    _ = try await other.elements.first("a subscription request") {
      $0.name == "presence" && $0.attribute("type") == "subscribe" && $0.attribute("from") == from
    }
    other.send("<presence type='subscribed' to='\(from)'/>")
    _ = try await elements.first("an approval") {
      $0.name == "presence" && $0.attribute("type") == "subscribed"
    }
  }

  private func nextID(_ prefix: String) -> String {
    "\(prefix)\(number.add(1, ordering: .relaxed).newValue)"
  }
}
