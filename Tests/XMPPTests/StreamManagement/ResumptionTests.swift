import Testing
import XMLStream
import XMPP

/// Sessions that outlive their connection (XEP-0198 §5). Bugs of other implementations are named by where they were
/// reported.
@Suite struct ResumptionTests {
  static func resume(_ h: UInt32) -> String { "> <resume xmlns='urn:xmpp:sm:3' previd='sm1' h='\(h)'/>" }
  static let bindRequest = "> <iq type='set' id='n1-bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"
  static let enable = "> <enable xmlns='urn:xmpp:sm:3' resume='true'/>"

  static func stored(
    inbound: UInt64 = 0, outbound: UInt64 = 0, unacknowledged: [UInt64] = [], location: String? = nil,
    maximum: Duration? = nil
  ) throws -> ResumableSession {
    ResumableSession(
      jid: try JID("bot@example.org/x"), id: "sm1", location: location, maximum: maximum, inbound: inbound,
      outbound: outbound, unacknowledged: unacknowledged.map(Conversation.stanza))
  }

  @Test("goes on where it was: resumes, drops what the server has, sends the rest again in order, asks")
  func resumes() throws {
    var talk = try Conversation()
    _ = try talk.establish()
    #expect(talk.send(1, 2, 3) == ["> <message id='1'/><message id='2'/><message id='3'/>" + Conversation.request])
    _ = try talk.receive(Conversation.inbound(1), Conversation.inbound(2))
    talk.session.handled(upTo: 1)
    #expect(talk.disconnect() == ["ended ioLost"])
    talk.session.resumable(inbound: 2)
    #expect(try talk.login() == [Self.resume(2)])
    #expect(
      try talk.resumed(1) == [
        "acknowledged 1", "resumed bot@example.org/x sm1",
        "> <message id='2'/><message id='3'/>" + Conversation.request,
      ])
    #expect(try talk.acknowledge(3) == ["acknowledged 3"])
    #expect(try talk.receive(Conversation.inbound(3)) == ["stanza 3 in3"])
  }

  @Test("ChatSecure#361, MongooseIM#1881: resumes before it binds, and says nothing else until the answer")
  func resumesBeforeBinding() throws {
    var talk = try Conversation()
    _ = try talk.establish()
    _ = talk.send(1)
    _ = talk.disconnect()
    #expect(try talk.login() == [Self.resume(0)])
    #expect(talk.send(2) == [])
    #expect(talk.session.windowRoom == 0)
    #expect(
      try talk.resumed(0) == [
        "resumed bot@example.org/x sm1", "> <message id='1'/><message id='2'/>" + Conversation.request,
      ])
  }

  @Test("Smack#185, libstrophe#222: new stanzas go behind the old ones, and number k stays k")
  func keepsOrderAndNumbers() throws {
    var talk = try Conversation()
    _ = try talk.establish()
    _ = talk.send(1, 2, 3)
    _ = talk.disconnect()
    #expect(talk.send(4) == [])
    _ = try talk.login()
    _ = talk.send(5)
    #expect(
      try talk.resumed(2).last
        == "> <message id='3'/><message id='4'/><message id='5'/>" + Conversation.request)
    #expect(talk.send(6) == ["> <message id='6'/>"])
    #expect(try talk.acknowledge(4) == ["acknowledged 4"])
    #expect(talk.session.resumable?.unacknowledged.map(\.sequence) == [5, 6])
  }

  @Test("Smack f5115f466: the queue is neither copied nor sent twice by a resumption")
  func queueIsNotDuplicated() throws {
    var talk = try Conversation()
    _ = try talk.establish()
    _ = talk.send(1, 2)
    for _ in 1...3 {
      _ = talk.disconnect()
      _ = try talk.login()
      #expect(try talk.resumed(0).last == "> <message id='1'/><message id='2'/>" + Conversation.request)
    }
    #expect(try talk.acknowledge(2) == ["acknowledged 2"])
    #expect(talk.session.windowRoom == 1000)
  }

  @Test("slixmpp 1.17: the queue survives a resumption that was cut")
  func queueSurvivesTheRequest() throws {
    var talk = try Conversation()
    _ = try talk.establish()
    _ = talk.send(1, 2)
    _ = talk.disconnect()
    #expect(try talk.login() == [Self.resume(0)])
    #expect(talk.disconnect() == ["ended ioLost"])
    #expect(try talk.login() == [Self.resume(0)])
    #expect(try talk.resumed(1).last == "> <message id='2'/>" + Conversation.request)
  }

  @Test(
    "stanza#494/#495, Monal#263, aioxmpp#372: numbers go on from what the server was told, never from 0",
    arguments: [false, true])
  func inboundNumbersGoOn(_ isToldWhatIsSafe: Bool) throws {
    var talk = try Conversation()
    _ = try talk.establish()
    _ = try talk.receive(Conversation.inbound(1), Conversation.inbound(2), Conversation.inbound(3))
    _ = talk.disconnect()
    // Custody of one came while the link was down; the others come again.
    talk.session.handled(upTo: 1)
    if isToldWhatIsSafe { talk.session.resumable(inbound: 1) }
    #expect(try talk.login() == [Self.resume(1)])
    _ = try talk.resumed(0)
    _ = try talk.acknowledge(0)
    _ = talk.flush()
    #expect(try talk.request() == ["> " + Conversation.acknowledgement(1)])
    #expect(
      try talk.receive(Conversation.inbound(2), Conversation.inbound(3)) == ["stanza 2 in2", "stanza 3 in3"])
    // What the past life still reports reaches no further than what came in this one.
    talk.session.handled(upTo: 9)
    #expect(talk.flush() == ["> " + Conversation.acknowledgement(3)])
  }

  @Test("libstrophe auth.c, XMPPFramework#914: a stored session resumes in another process, with its address")
  func resumesStoredSession() throws {
    let near: UInt64 = 0xFFFF_FFFE
    var talk = try Conversation(
      resuming: try Self.stored(inbound: near, outbound: near, unacknowledged: [8, 9, 10], location: "b.example.org"))
    #expect(talk.session.location == "b.example.org")
    talk.session.resumable(inbound: near + 3)
    #expect(try talk.login() == [Self.resume(1)])
    #expect(
      try talk.resumed(0) == [
        "acknowledged 9", "resumed bot@example.org/x sm1", "> <message id='10'/>" + Conversation.request,
      ])
    #expect(talk.session.jid == (try JID("bot@example.org/x")))
    _ = try talk.acknowledge(UInt32(truncatingIfNeeded: near + 2))
    _ = talk.flush()
    #expect(try talk.receive(Conversation.inbound(1)) == ["stanza \(near + 4) in1"])
    #expect(
      talk.session.resumable
        == ResumableSession(
          jid: try JID("bot@example.org/x"), id: "sm1", location: "b.example.org", inbound: near + 3,
          outbound: near + 2, unacknowledged: [Conversation.stanza(10)]))
  }

  @Test(
    "Smack 3b6891b0d, dabbb40de: tries without a maximum, and long after it",
    arguments: [nil, .zero, .seconds(60)] as [Duration?])
  func maximumIsAHint(_ maximum: Duration?) throws {
    var talk = try Conversation(resuming: try Self.stored(maximum: maximum))
    talk.now += .seconds(1_000_000)
    #expect(try talk.login() == [Self.resume(0)])
  }

  @Test("Smack 0e0c0a409, Conversations#1938: a cut or a silent server in any step leaves the session resumable")
  func cutInEachStep() throws {
    let steps: [(inout Conversation) throws -> [String]] = [
      { $0.connect() }, { $0.open() }, { try $0.receive(features: Conversation.loginFeatures) },
      { try $0.receive("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>") }, { $0.open() },
      { try $0.receive(features: Conversation.bind + Conversation.sm) },
    ]
    for count in 1...steps.count {
      var talk = try Conversation(resuming: try Self.stored(unacknowledged: [1]))
      for step in steps.prefix(count) { _ = try step(&talk) }
      // slixmpp deb6d4f1, 85c9967b: nothing of Stream Management leaks out before it is there.
      #expect(talk.flush() == [])
      #expect(talk.disconnect() == ["ended ioLost"])
      for step in steps.prefix(count) { _ = try step(&talk) }
      #expect(talk.expire() == ["close", "ended timeout"])
      #expect(talk.disconnect() == [])
      #expect(try talk.login() == [Self.resume(0)])
    }
  }

  @Test("a failed login leaves the session resumable")
  func failedLogin() throws {
    var talk = try Conversation(resuming: try Self.stored(unacknowledged: [1]))
    _ = talk.connect()
    _ = talk.open()
    _ = try talk.receive(features: Conversation.loginFeatures)
    #expect(
      try talk.receive(
        "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><temporary-auth-failure/></failure>"
      ).last
        == "ended temporaryAuthenticationFailure")
    #expect(try talk.login() == [Self.resume(0)])
  }

  @Test("a conflict on a socket that has been replaced is ignored")
  func conflictOnOldSocket() throws {
    var talk = try Conversation()
    _ = try talk.establish()
    _ = talk.disconnect()
    #expect(try talk.receive(streamError: "conflict") == [])
    #expect(talk.session.resumable?.id == "sm1")

    // A new connection replaces one whose end was not reported.
    _ = try talk.login()
    _ = try talk.resumed(0)
    #expect(talk.connect().first == "ended ioLost")
    #expect(talk.session.resumable?.id == "sm1")
  }

  @Test("Conversations#879: a server that counts its own <resumed/> only repeats a stanza")
  func serverCountsResumed() throws {
    var talk = try Conversation()
    _ = try talk.establish()
    _ = try talk.receive(Conversation.inbound(1))
    talk.session.handled(upTo: 1)
    _ = talk.disconnect()
    _ = try talk.login()
    _ = try talk.resumed(0)
    _ = try talk.acknowledge(0)
    _ = talk.flush()
    #expect(try talk.receive(Conversation.inbound(1)) == ["stanza 2 in1"])
    #expect(talk.session.isEstablished)
  }

  @Test("what people read of a session holds nothing secret")
  func secrecy() throws {
    let stored = try Self.stored(inbound: 3, outbound: 4, unacknowledged: [9])
    #expect("\(stored)" == "bot@example.org/x, 3 in, 4 out, 1 unacknowledged")
    var talk = try Conversation(resuming: stored)
    _ = try talk.login()
    talk.session.received(
      .element(try XMLElement(parsing: "<resumed xmlns='urn:xmpp:sm:3' previd='sm1' h='4'/>")), now: talk.now)
    guard case .established(let established) = talk.session.nextAction() else {
      Issue.record("not resumed")
      return
    }
    #expect(!"\(established)".contains("sm1"))
  }
}
