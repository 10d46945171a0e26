import TestSupport
import Testing
import XMLStream

struct FakeXMPPServerTests {
  @Test("logs a client in and carries messages both ways")
  func carries() async throws {
    let server = try await FakeXMPPServer.start()
    let client = try await RawXMPPClient.connect(server.port)
    try await client.login()
    try await client.bind()
    client.send("<presence/>")
    var (up, down) = (MessageAudit("up", count: 1_000), MessageAudit("down", count: 1_000))
    client.send(up.bodies.map { XMPPTestClient.message($0, to: "alice@localhost", id: "x") }.joined())
    try await server.send(bodies: down.bodies)
    up.record(contentsOf: try await server.messages.first(1_000).map(\.body))
    down.record(contentsOf: try await client.elements.first(1_000) { $0.name == "message" }.map(\.bodyText))
    #expect(up.isPerfect && down.isPerfect, "\(up); \(down)")
  }

  @Test("refuses a wrong password")
  func refuses() async throws {
    let server = try await FakeXMPPServer.start()
    let client = try await RawXMPPClient.connect(server.port)
    await #expect(throws: TestFailure.self) { try await client.login(TestUser("bot", password: "wrong")) }
    #expect(server.events.all.contains(.refused("bot")))
  }

  @Test("counts from <enable/> on and answers <r/> exactly")
  func counts() async throws {
    let server = try await FakeXMPPServer.start()
    let client = try await RawXMPPClient.enabled(server.port)
    client.send("<presence/><message/><r xmlns='urn:xmpp:sm:3'/>")
    #expect(try await client.elements.first { $0.name == "a" }.attribute("h") == "2")
    try await server.change { $0.acknowledgement = .shifted(10) }
    client.send("<r xmlns='urn:xmpp:sm:3'/>")
    #expect(try await client.elements.first(2) { $0.name == "a" }[1].attribute("h") == "12")
  }

  @Test("resumes a session and sends again what was not acknowledged")
  func resumes() async throws {
    let server = try await FakeXMPPServer.start()
    let first = try await RawXMPPClient.enabled(server.port)
    first.send("<presence/>")
    try await server.send(bodies: (0..<5).map { "message \($0)" })
    _ = try await first.elements.first(5) { $0.name == "message" }
    first.send("<a xmlns='urn:xmpp:sm:3' h='2'/>")
    _ = try await server.events.first { $0 == .acknowledged(h: 2) }
    try await server.cut()
    _ = try await server.events.first { $0 == .disconnected(1) }

    let second = try await RawXMPPClient.connect(server.port)
    try await second.login()
    let id = try #require(first.sessionID)
    second.send("<resume xmlns='urn:xmpp:sm:3' h='3' previd='\(id)'/>")
    let resumed = try await second.elements.first { $0.name == "resumed" }
    #expect(resumed.attribute("h") == "1" && resumed.attribute("previd") == id)
    let again = try await second.elements.first(2) { $0.name == "message" }
    #expect(again.map(\.bodyText) == ["message 3", "message 4"])
    #expect(server.events.all.contains(.resumed(id, h: 3)))
  }

  @Test("names its count when it refuses a resumption, and hands the rest to the next session")
  func refusesResumption() async throws {
    let server = try await FakeXMPPServer.start()
    let first = try await RawXMPPClient.enabled(server.port)
    first.send("<presence/><message/><message/>")
    _ = try await server.stanzas.first(4)
    try await server.send(bodies: ["kept"])
    _ = try await first.elements.first { $0.name == "message" }
    try await server.cut()
    try await server.change { $0.resumption = .refused(count: true) }

    let second = try await RawXMPPClient.connect(server.port)
    try await second.login()
    second.send("<resume xmlns='urn:xmpp:sm:3' h='0' previd='\(try #require(first.sessionID))'/>")
    #expect(try await second.elements.first { $0.name == "failed" }.attribute("h") == "3")
    try await second.bind()
    second.send("<presence/>")
    #expect(try await second.elements.first { $0.name == "message" }.bodyText == "kept")
  }

  @Test("notices an acknowledgement of what it never sent")
  func badAcknowledgement() async throws {
    let server = try await FakeXMPPServer.start()
    let client = try await RawXMPPClient.enabled(server.port)
    client.send("<a xmlns='urn:xmpp:sm:3' h='7'/>")
    _ = try await server.events.first { $0 == .badAcknowledgement(h: 7, sent: 0) }
  }

  @Test("cuts behind a byte it writes and behind a byte it reads")
  func cuts() async throws {
    let server = try await FakeXMPPServer.start()
    let client = try await RawXMPPClient.enabled(server.port)
    client.send("<presence/>")
    _ = try await server.events.first { $0 == .available }
    try await server.cut(afterWriting: 20)
    try await server.send(bodies: ["never complete"])
    _ = try await server.events.first { $0 == .disconnected(1) }
    #expect(!client.elements.all.contains { $0.name == "message" })

    let other = try await RawXMPPClient.enabled(server.port)
    let mark = server.stanzas.count
    try await server.cut(afterReading: 15)
    other.send("<message/><message/>")
    _ = try await server.events.first { $0 == .disconnected(2) }
    #expect(server.stanzas.count == mark + 1)
  }

  @Test("hangs and goes on")
  func stalls() async throws {
    let server = try await FakeXMPPServer.start()
    let client = try await RawXMPPClient.enabled(server.port)
    try await server.stall()
    client.send("<message/><r xmlns='urn:xmpp:sm:3'/>")
    #expect(try await server.handledCount() == 0)
    try await server.resume()
    #expect(try await client.elements.first { $0.name == "a" }.attribute("h") == "1")
  }

  @Test("misbehaves in the words of a test")
  func misbehaves() async throws {
    var behaviour = FakeXMPPServer.Behaviour()
    behaviour.startTLS = .offered(behindProceed: "<message><body>injected</body></message>")
    let server = try await FakeXMPPServer.start(behaviour)
    let client = try await RawXMPPClient.connect(server.port)
    client.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    #expect(try await client.elements.first { $0.name == "message" }.bodyText == "injected")
    try await server.sendRaw("<!-- no comment -->")
    await #expect(throws: TestFailure.self) { _ = try await client.elements.first { $0.name == "never" } }
  }

  @Test("says conflict, and the session is gone")
  func conflict() async throws {
    let server = try await FakeXMPPServer.start()
    let client = try await RawXMPPClient.enabled(server.port)
    try await server.streamError("conflict")
    let error = try await client.elements.first { $0.name == "error" }
    #expect(error.child("conflict", in: "urn:ietf:params:xml:ns:xmpp-streams") != nil)
    _ = try await server.events.first { $0 == .disconnected(1) }
    #expect(try await server.handledCount() == 0)
  }
}

extension XMLElement {
  fileprivate var bodyText: String { child("body", in: "jabber:client")?.text ?? "" }
}
