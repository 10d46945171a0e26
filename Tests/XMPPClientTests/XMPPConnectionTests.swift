import NIOCore
import NIOPosix
import TLSEngine
import Testing
import XMPP
import XMPPClient

/// The whole shell against servers that play a script on the loopback.
@Suite(.timeLimit(.minutes(1))) struct XMPPConnectionTests {
  typealias Step = ScriptedServer.Step

  private let group = MultiThreadedEventLoopGroup.singleton

  // MARK: Scripts

  private static let header =
    "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
    + "from='example.org' id='s1' version='1.0'>"

  private static func features(_ text: String) -> String {
    header + "<stream:features>\(text)</stream:features>"
  }

  private static func mechanisms(_ names: String...) -> String {
    let list = names.map { "<mechanism>\($0)</mechanism>" }.joined()
    return features("<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>\(list)</mechanisms>")
  }

  private static let startTLS = features("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>")
  private static let proceed = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
  private static let success = "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"

  /// From the features of the authenticated stream to a new session.
  private static let session: [Step] = [
    .expect("<stream:stream"),
    .send(features("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/><sm xmlns='urn:xmpp:sm:3'/>")),
    .expect("</iq>"),
    .answer { text in
      let id = text.components(after: "<iq ").first { $0.hasPrefix("id='") }?.dropFirst(4).dropLast() ?? ""
      return "<iq type='result' id='\(id)'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
        + "<jid>bot@example.org/r1</jid></bind></iq>"
    },
    .expect("<enable "),
    .send("<enabled xmlns='urn:xmpp:sm:3' id='sm1' resume='true'/>"),
  ]

  private static let plainLogin: [Step] =
    [.expect("<stream:stream"), .send(mechanisms("PLAIN")), .expect("</auth>"), .send(success)] + session

  private func client(
    of server: ScriptedServer, _ security: ClientSession.Configuration.Security, trust: TLSConfiguration? = nil
  ) async throws -> Client {
    try await Client(
      security: security, trust: trust,
      endpoints: [
        XMPPEndpoint(host: "127.0.0.1", port: server.port, isDirectTLS: security == .directTLS)
      ], group: group)
  }

  private static func trusting(_ certificate: Certificate) -> TLSConfiguration {
    TLSConfiguration(useSystemRoots: false, pins: [certificate.fingerprint])
  }

  private func expect(
    _ client: Client, until prefix: String, _ expected: [String], at location: SourceLocation = #_sourceLocation
  ) async {
    let events = await client.events(until: prefix)
    #expect(events == expected, sourceLocation: location)
  }

  // MARK: Login

  @Test func logsInOnAPlainLinkAndCarriesStanzas() async throws {
    let server = try await ScriptedServer.start(
      on: group,
      Self.plainLogin + [
        .send("<message id='m1'/><presence id='p1'/><r xmlns='urn:xmpp:sm:3'/>"),
        .expect("<a "), .expect("<r "), .send("<a xmlns='urn:xmpp:sm:3' h='2'/>"),
        .expect("<a "), .send("<message id='m2'/>"), .expect("</stream:stream>"), .send("</stream:stream>"), .close,
      ])
    let client = try await client(of: server, .none)
    try await client.connect()
    await expect(client, until: "stanza 2", ["new bot@example.org/r1", "stanza 1 m1", "stanza 2 p1"])
    try await client.perform { connection in
      connection.send([
        OutboundStanza(sequence: 41, bytes: Array("<message id='o1'/>".utf8)),
        OutboundStanza(sequence: 42, bytes: Array("<message id='o2'/>".utf8)),
      ])
      connection.endTurn()
    }
    await expect(client, until: "acknowledged", ["acknowledged 42"])
    try await client.perform { connection in
      connection.handled(upTo: 2)
      connection.endTurn()
    }
    await expect(client, until: "stanza", ["stanza 3 m2"])
    try await client.perform { $0.logout() }
    await expect(client, until: "ended", ["lost", "ended logged out"])
    #expect(server.text.contains("<message id='o1'/><message id='o2'/><r xmlns='urn:xmpp:sm:3'/>"))
    #expect(server.text.contains("<a xmlns='urn:xmpp:sm:3' h='2'/>"))
    #expect(try await client.perform { $0.isActive } == false)
    try await server.stop()
  }

  @Test func logsInBySCRAMWithKeysComputedElsewhere() async throws {
    let server = try await ScriptedServer.start(
      on: group,
      [
        .expect("<stream:stream"), .send(Self.mechanisms("SCRAM-SHA-256")), .expect("</auth>"),
        .answer { SCRAMServer(text: $0).challenge }, .expect("</response>"),
        .answer { SCRAMServer(text: $0).success },
      ] + Self.session + [.close])
    let client = try await client(of: server, .none)
    try await client.connect()
    await expect(client, until: "ended", ["new bot@example.org/r1", "ended the connection was lost"])
    #expect(try await client.perform { $0.session.cachedKeys != nil })
    try await server.stop()
  }

  @Test func upgradesToTLSBeforeAnythingElseIsSaid() async throws {
    let certificate = try Certificate("example.org")
    let server = try await ScriptedServer.start(
      on: group,
      [
        .expect("<stream:stream"), .send(Self.startTLS), .expect("<starttls"), .send(Self.proceed),
        .startTLS(certificate: certificate.certificate, key: certificate.key),
      ] + Self.plainLogin)
    let client = try await client(
      of: server, .startTLS, trust: TLSConfiguration(caFile: certificate.certificate, useSystemRoots: false))
    try await client.connect()
    await expect(client, until: "new", ["new bot@example.org/r1"])
    #expect(server.names == ["example.org"])
    let clear = String(decoding: server.wire, as: UTF8.self)
    #expect(!clear.contains("bot") && !clear.contains("<auth"))
    #expect(server.text.contains("<auth"))
    try await client.perform { $0.abort() }
    #expect(await client.events(until: "ended").last?.hasPrefix("ended") == true)
    try await server.stop()
  }

  @Test func speaksDirectTLSToAPinnedCertificateWhateverItsName() async throws {
    let certificate = try Certificate("another.example")
    let server = try await ScriptedServer.start(
      on: group, [.startTLS(certificate: certificate.certificate, key: certificate.key)] + Self.plainLogin)
    let client = try await client(of: server, .directTLS, trust: Self.trusting(certificate))
    try await client.connect()
    await expect(client, until: "new", ["new bot@example.org/r1"])
    #expect(!String(decoding: server.wire, as: UTF8.self).contains("<stream"))
    try await client.perform { $0.abort() }
    _ = await client.events(until: "ended")
    try await server.stop()
  }

  @Test func resumesOverANewConnection() async throws {
    let server = try await ScriptedServer.start(
      on: group, Self.plainLogin + [.send("<message id='m1'/>"), .expect("<message"), .close],
      [
        .expect("<stream:stream"), .send(Self.mechanisms("PLAIN")), .expect("</auth>"), .send(Self.success),
        .expect("<stream:stream"),
        .send(Self.features("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/><sm xmlns='urn:xmpp:sm:3'/>")),
        .expect("<resume "), .send("<resumed xmlns='urn:xmpp:sm:3' previd='sm1' h='0'/>"),
        .expect("<message id='o1'/>"), .send("<message id='m2'/><a xmlns='urn:xmpp:sm:3' h='0'/>"),
        .expect("<message id='o2'/>"), .send("<a xmlns='urn:xmpp:sm:3' h='2'/>"),
      ])
    let client = try await client(of: server, .none)
    try await client.connect()
    #expect(await client.events(until: "stanza").last == "stanza 1 m1")
    try await client.perform { connection in
      connection.send([OutboundStanza(sequence: 7, bytes: Array("<message id='o1'/>".utf8))])
      connection.endTurn()
    }
    await expect(client, until: "ended", ["ended the connection was lost"])
    try await client.perform { $0.connect(inbound: 1) }
    // The stanza was held until the server was known to hear us; its turn is over when it has been told.
    await expect(client, until: "stanza", ["resumed bot@example.org/r1", "stanza 2 m2"])
    #expect(try await client.untreated() == 0)
    try await client.perform { connection in
      connection.send([OutboundStanza(sequence: 8, bytes: Array("<message id='o2'/>".utf8))])
      connection.endTurn()
    }
    await expect(client, until: "acknowledged", ["acknowledged 8"])
    #expect(server.text.contains("previd='sm1' h='1'"))
    try await client.perform { $0.abort() }
    _ = await client.events(until: "ended")
    try await server.stop()
  }

  // MARK: Refusals

  @Test(arguments: [
    "<stream:features/>", "\u{16}\u{3}\u{1}", " ", "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>",
  ])
  func bytesBehindProceedAreRefused(_ injected: String) async throws {
    let certificate = try Certificate("example.org")
    let server = try await ScriptedServer.start(
      on: group,
      [
        .expect("<stream:stream"), .send(Self.startTLS), .expect("<starttls"), .send(Self.proceed + injected),
        .startTLS(certificate: certificate.certificate, key: certificate.key),
      ] + Self.plainLogin)
    let client = try await client(of: server, .startTLS, trust: Self.trusting(certificate))
    try await client.connect()
    let events = await client.events(until: "ended")
    #expect(events.count == 1)
    #expect(events.last?.contains("behind <proceed/>") == true, "\(events)")
    #expect(!server.text.contains("<auth"))
    try await server.stop()
  }

  @Test func certificateForAnotherNameIsRefused() async throws {
    let certificate = try Certificate("another.example")
    let server = try await ScriptedServer.start(
      on: group, [.startTLS(certificate: certificate.certificate, key: certificate.key)] + Self.plainLogin)
    let client = try await client(
      of: server, .directTLS, trust: TLSConfiguration(caFile: certificate.certificate, useSystemRoots: false))
    try await client.connect()
    let events = await client.events(until: "ended")
    #expect(events.count == 1)
    #expect(events.last?.hasPrefix("ended the server is not trusted: ") == true, "\(events)")
    #expect(!server.text.contains("<stream"))
    try await server.stop()
  }

  @Test func certificateThatNobodyVouchesForIsRefused() async throws {
    let certificate = try Certificate("example.org")
    let other = try Certificate("example.org")
    for trust in [TLSConfiguration(useSystemRoots: false), Self.trusting(other)] {
      let server = try await ScriptedServer.start(
        on: group, [.startTLS(certificate: certificate.certificate, key: certificate.key)] + Self.plainLogin)
      let client = try await client(of: server, .directTLS, trust: trust)
      try await client.connect()
      #expect(await client.events(until: "ended").last?.hasPrefix("ended the server is not trusted: ") == true)
      #expect(!server.text.contains("<stream"))
      try await server.stop()
    }
  }

  @Test func withoutSTARTTLSNothingIsSaidInClear() async throws {
    let server = try await ScriptedServer.start(
      on: group, [.expect("<stream:stream"), .send(Self.mechanisms("PLAIN", "SCRAM-SHA-256"))])
    let client = try await client(of: server, .startTLS, trust: TLSConfiguration(useSystemRoots: false))
    try await client.connect()
    await expect(client, until: "ended", ["ended \(SessionEnd.noTLS)"])
    await server.disconnected()
    try await server.stop()
    // The stream header, without who we are, and nothing else.
    #expect(server.text.hasSuffix(">") && server.text.components(after: "<").count == 2)
    #expect(!server.text.contains("bot"))
  }

  @Test func restrictedXMLEndsTheStreamWithItsError() async throws {
    let server = try await ScriptedServer.start(
      on: group, Self.plainLogin + [.send("<!-- no --><message id='m1'/>"), .expect("</stream:stream>"), .close])
    let client = try await client(of: server, .none)
    try await client.connect()
    let events = await client.events(until: "ended")
    #expect(events.first == "new bot@example.org/r1")
    #expect(events.last?.contains("restricted-xml") == true)
    #expect(!events.contains { $0.hasPrefix("stanza") })
    await server.disconnected()
    try await server.stop()
    #expect(server.text.contains("<restricted-xml xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"))
  }

  @Test func wrongPasswordIsToldAsSuch() async throws {
    let server = try await ScriptedServer.start(
      on: group,
      [
        .expect("<stream:stream"), .send(Self.mechanisms("PLAIN")), .expect("</auth>"),
        .send("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>"),
      ])
    let client = try await client(of: server, .none)
    try await client.connect()
    await expect(client, until: "ended", ["ended the server refuses the credentials"])
    try await server.stop()
  }

  // MARK: Finding a server

  @Test func nextPlaceIsTriedWhenOneTakesNoConnection() async throws {
    let server = try await ScriptedServer.start(on: group, Self.plainLogin)
    let closed = ClosedPort()
    let client = try await Client(
      security: .none,
      endpoints: [closed.number, server.port].map { XMPPEndpoint(host: "127.0.0.1", port: $0, isDirectTLS: false) },
      group: group)
    try await client.connect()
    await expect(client, until: "new", ["new bot@example.org/r1"])
    try await client.perform { $0.abort() }
    _ = await client.events(until: "ended")
    try await server.stop()
  }

  @Test func nextPlaceIsTriedWhenOneSpeaksNoTLS() async throws {
    let certificate = try Certificate("example.org")
    let distrusted = try Certificate("example.org")
    let deaf = try await ScriptedServer.start(on: group, [.send("SSH-2.0-OpenSSH\r\n")])
    let silent = try await ScriptedServer.start(on: group, [.close])
    let foreign = try await ScriptedServer.start(
      on: group, [.startTLS(certificate: distrusted.certificate, key: distrusted.key)])
    let good = try await ScriptedServer.start(
      on: group, [.startTLS(certificate: certificate.certificate, key: certificate.key)] + Self.plainLogin + [.close])
    let servers = [deaf, silent, foreign, good]
    let client = try await Client(
      security: .directTLS, trust: Self.trusting(certificate),
      endpoints: servers.map { XMPPEndpoint(host: "127.0.0.1", port: $0.port, isDirectTLS: true) }, group: group)
    try await client.connect()
    await expect(client, until: "ended", ["new bot@example.org/r1", "ended the connection was lost"])
    #expect(servers.map(\.connections) == [1, 1, 1, 1])
    for server in servers { try await server.stop() }
  }

  @Test func distrustIsToldWhateverElseFailed() async throws {
    let certificate = try Certificate("example.org")
    let foreign = try await ScriptedServer.start(
      on: group, [.startTLS(certificate: certificate.certificate, key: certificate.key)])
    let closed = ClosedPort()
    let client = try await Client(
      security: .directTLS, trust: TLSConfiguration(useSystemRoots: false),
      endpoints: [foreign.port, closed.number].map { XMPPEndpoint(host: "127.0.0.1", port: $0, isDirectTLS: true) },
      group: group)
    try await client.connect()
    let events = await client.events(until: "ended")
    #expect(events.count == 1)
    #expect(events.last?.hasPrefix("ended the server is not trusted: ") == true, "\(events)")
    try await foreign.stop()
  }

  @Test func serverMaySendUsToAnotherOne() async throws {
    let certificate = try Certificate("example.org")
    let tls = Step.startTLS(certificate: certificate.certificate, key: certificate.key)
    let other = try await ScriptedServer.start(on: group, [tls] + Self.plainLogin + [.close])
    let elsewhere =
      "<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>127.0.0.1:\(other.port)"
      + "</see-other-host></stream:error></stream:stream>"
    let server = try await ScriptedServer.start(
      on: group, [tls, .expect("<stream:stream"), .send(Self.header + elsewhere)])
    let client = try await client(of: server, .directTLS, trust: Self.trusting(certificate))
    try await client.connect()
    await expect(client, until: "ended", ["ended the server sends us to another host: 127.0.0.1:\(other.port)"])
    try await client.connect()
    await expect(client, until: "ended", ["new bot@example.org/r1", "ended the connection was lost"])
    #expect(server.connections == 1)
    try await server.stop()
    try await other.stop()
  }

  @Test func leavingEndsAnAttemptThatIsUnderWay() async throws {
    let server = try await ScriptedServer.start(on: group)
    let leaves: [(@Sendable (XMPPConnection) -> Void, SessionEnd)] = [
      ({ $0.logout() }, .loggedOut), ({ $0.park() }, .parked), ({ $0.abort() }, .ioLost),
    ]
    for (leave, end) in leaves {
      let client = try await client(of: server, .none)
      let isActive = try await client.perform { connection in
        connection.connect(inbound: 0)
        leave(connection)
        return connection.isActive
      }
      #expect(!isActive)
      await expect(client, until: "ended", ["ended \(end)"])
    }
    try await server.stop()
  }

  @Test func restingConnectionReadsWhenAskedTo() async throws {
    let server = try await ScriptedServer.start(
      on: group,
      Self.plainLogin + [
        .expect("<message id='o1'/>"), .send("<a xmlns='urn:xmpp:sm:3' h='1'/><message id='m1'/>"),
        .expect("<message id='o2'/>"), .send("<message id='m2'/>"), .expect("<message id='o3'/>"),
        .send("<message id='m3'/>"), .close,
      ])
    let client = try await client(of: server, .none)
    try await client.connect()
    await expect(client, until: "new", ["new bot@example.org/r1"])
    func say(_ sequence: UInt64, _ then: @escaping @Sendable (XMPPConnection) -> Void = { _ in }) async throws {
      try await client.perform { connection in
        connection.send([OutboundStanza(sequence: sequence, bytes: Array("<message id='o\(sequence)'/>".utf8))])
        connection.endTurn()
        then(connection)
      }
    }
    try await client.perform { $0.rest(true) }
    // What is asked for before it is there comes when it is there, and once.
    try await say(1) { $0.readOnce() }
    await expect(client, until: "stanza 1", ["acknowledged 1", "stanza 1 m1"])
    try await say(2)
    try await say(3)
    await server.disconnected()
    try await client.perform { $0.rest(false) }
    await expect(client, until: "ended", ["stanza 2 m2", "stanza 3 m3", "ended the connection was lost"])
    try await server.stop()
  }

  @Test func unreachableServerNamesThePlacesTried() async throws {
    let closed = ClosedPort()
    let client = try await Client(
      security: .none, endpoints: [XMPPEndpoint(host: "127.0.0.1", port: closed.number, isDirectTLS: false)],
      group: group)
    try await client.connect()
    await expect(client, until: "ended", ["ended 127.0.0.1:\(closed.number): Connection refused"])
  }
}

extension String {
  /// The words behind each occurrence of a text.
  func components(after text: String) -> [String] {
    split(separator: text, omittingEmptySubsequences: false).dropFirst().flatMap { part in
      part.split { " >".contains($0) }.prefix(text.hasSuffix(" ") ? 8 : 1).map(String.init)
    }
  }
}
