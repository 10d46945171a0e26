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

  @Test("a refused resumption: takes the count, hands the rest back, binds on the same stream, enables")
  func failedWithCount() throws {
    // aioxmpp#254 and libstrophe lost the count; Martin 42d02b5, slixmpp fc7d7b4e and moxxy#4 did not enable again.
    var talk = try Conversation()
    _ = try talk.establish()
    _ = talk.send(1, 2, 3)
    _ = talk.disconnect()
    _ = try talk.login()
    #expect(
      try talk.receive(
        "<failed xmlns='urn:xmpp:sm:3' h='2'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>")
        == ["acknowledged 2", "lost 3", Self.bindRequest])
    #expect(try talk.bound("bot@example.org/y") == [Self.enable])
    #expect(
      try talk.receive("<enabled xmlns='urn:xmpp:sm:3' id='sm2' resume='true'/>") == ["new bot@example.org/y sm2"])
    // libstrophe#215: nothing old goes out by itself.
    #expect(talk.flush() == [])
    #expect(talk.send(4) == ["> <message id='4'/>" + Conversation.request])
    #expect(try talk.acknowledge(1) == ["acknowledged 4"])
  }

  @Test(
    "aioxmpp#382, MongooseIM#4280: a refusal counts whatever its body looks like",
    arguments: [
      "<failed xmlns='urn:xmpp:sm:3'/>",
      "<failed xmlns='urn:xmpp:sm:3'><error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></failed>",
      "<failed xmlns='urn:xmpp:sm:3' h='-1'/>", "<failed xmlns='urn:xmpp:sm:3' h='9'/>",
    ])
  func failedWithoutCount(_ failed: String) throws {
    var talk = try Conversation()
    _ = try talk.establish()
    _ = talk.send(1, 2)
    _ = talk.disconnect()
    _ = try talk.login()
    #expect(try talk.receive(failed) == ["lost 1 2", Self.bindRequest])
    #expect(talk.session.resumable == nil)
  }

  @Test("Smack 352e42256: once a resumption is refused, the old session is forgotten even if the new one fails too")
  func forgetsTheOldSession() throws {
    var talk = try Conversation()
    _ = try talk.establish()
    _ = talk.disconnect()
    _ = try talk.login()
    _ = try talk.receive("<failed xmlns='urn:xmpp:sm:3'/>")
    #expect(talk.disconnect() == ["ended ioLost"])
    #expect(try talk.login() == [Self.bindRequest])
  }

  @Test("a server that no longer offers Stream Management has no session to resume")
  func managementGone() throws {
    var talk = try Conversation()
    _ = try talk.establish()
    _ = talk.send(1)
    _ = talk.disconnect()
    #expect(try talk.login(features: Conversation.bind) == ["lost 1", Self.bindRequest])
    #expect(try talk.bound() == ["new bot@example.org/x -"])
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

  @Test(
    "Openfire#927, xmpp.js#1119, MongooseIM#4501: a count beyond what was sent gives the session up, once",
    arguments: [3, 0xFFFF_FFFF] as [UInt32])
  func countTooHigh(_ h: UInt32) throws {
    var talk = try Conversation()
    _ = try talk.establish()
    _ = talk.send(1, 2)
    _ = talk.disconnect()
    _ = try talk.login()
    let lines = try talk.resumed(h)
    #expect(lines.first?.contains("<handled-count-too-high xmlns='urn:xmpp:sm:3' h='\(h)' send-count='2'/>") == true)
    #expect(lines.first?.hasSuffix("</stream:error></stream:stream>") == true)
    #expect(lines.dropFirst() == ["close", "lost 1 2", "ended streamManagement"])
    #expect(try talk.login() == [Self.bindRequest])
  }

  @Test("refuses another session than the one it asked for, and one that it did not ask for")
  func otherSession() throws {
    var talk = try Conversation()
    _ = try talk.establish()
    _ = talk.send(1)
    _ = talk.disconnect()
    _ = try talk.login()
    #expect(try talk.resumed(0, id: "sm2").dropFirst() == ["close", "lost 1", "ended streamManagement"])

    talk = try Conversation()
    _ = try talk.login()
    #expect(try talk.resumed(0).last == "ended streamManagement")

    talk = try Conversation()
    _ = try talk.establish()
    #expect(try talk.resumed(0).last == "ended streamManagement")

    talk = try Conversation(resuming: try Self.stored())
    _ = talk.connect()
    _ = talk.open()
    #expect(try talk.resumed(0).last == "ended streamManagement")
  }

  @Test("`<resumed/>` without a count is no resumption")
  func resumedWithoutCount() throws {
    var talk = try Conversation(resuming: try Self.stored(unacknowledged: [1]))
    _ = try talk.login()
    #expect(
      try talk.receive("<resumed xmlns='urn:xmpp:sm:3' previd='sm1'/>").dropFirst()
        == ["close", "lost 1", "ended streamManagement"])
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

  @Test("go-xmpp#45, qxmpp#66: conflict gives the session up, and nothing old is resumed")
  func conflict() throws {
    var talk = try Conversation()
    _ = try talk.establish()
    _ = talk.send(1)
    #expect(
      try talk.receive(streamError: "conflict") == [
        "> </stream:stream>", "close", "lost 1", "ended conflict",
      ])
    #expect(talk.session.deadline == nil)
    #expect(try talk.login() == [Self.bindRequest])
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

  @Test("Monal#221: what the server ends the stream for three times without taking anything is not sent for ever")
  func fruitlessResumptions() throws {
    var talk = try Conversation()
    _ = try talk.establish()
    _ = talk.send(1, 2)
    _ = try talk.receive(streamError: "policy-violation")
    for _ in 1...2 {
      _ = try talk.login()
      _ = try talk.resumed(0)
      #expect(try talk.receive(streamError: "policy-violation").last == "ended streamError policy-violation")
    }
    _ = try talk.login()
    _ = try talk.resumed(0)
    #expect(talk.close() == ["> </stream:stream>", "close", "lost 1 2", "ended peerClosed"])

    // One acknowledgement, in whatever form, and the count begins again.
    _ = try talk.establish()
    _ = talk.send(1, 2, 3)
    _ = talk.disconnect()
    for h in [0, 0, 1, 1] as [UInt32] {
      _ = try talk.login()
      _ = try talk.resumed(h)
      _ = try talk.receive(streamError: "policy-violation")
    }
    _ = try talk.login()
    _ = try talk.resumed(1)
    _ = try talk.acknowledge(2)
    _ = try talk.receive(streamError: "policy-violation")
    _ = try talk.login()
    _ = try talk.resumed(2)
    _ = try talk.receive(streamError: "policy-violation")
    #expect(talk.session.resumable?.unacknowledged.map(\.sequence) == [3])

    // Nor does what befell an earlier session count.
    _ = try talk.login()
    _ = try talk.receive("<failed xmlns='urn:xmpp:sm:3'/>")
    _ = try talk.bound()
    _ = try talk.receive("<enabled xmlns='urn:xmpp:sm:3' id='sm1' resume='true'/>")
    _ = talk.send(1)
    _ = try talk.receive(streamError: "policy-violation")
    for _ in 1...2 {
      _ = try talk.login()
      _ = try talk.resumed(0)
      _ = try talk.receive(streamError: "policy-violation")
    }
    #expect(talk.session.resumable?.unacknowledged.count == 1)
    talk = try Conversation()

    // A link that is merely bad is another matter.
    _ = try talk.establish()
    _ = talk.send(1)
    for _ in 1...10 {
      #expect(talk.disconnect() == ["ended ioLost"])
      _ = try talk.login()
      _ = try talk.resumed(0)
    }
    #expect(talk.session.resumable?.unacknowledged.count == 1)
  }

  @Test("after the server's error or close a resumption is tried, for its refusal may tell what arrived")
  func resumesAfterServersEnd() throws {
    var talk = try Conversation()
    _ = try talk.establish()
    _ = talk.send(1, 2)
    #expect(
      try talk.receive(streamError: "system-shutdown") == [
        "> </stream:stream>", "close", "ended streamError system-shutdown",
      ])
    #expect(try talk.login() == [Self.resume(0)])
    #expect(
      try talk.receive("<failed xmlns='urn:xmpp:sm:3' h='2'/>") == ["acknowledged 2", "lost nothing", Self.bindRequest])
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
    #expect(try talk.receive(Conversation.inbound(1)) == ["stanza 2 in1"])
    #expect(talk.session.isEstablished)
  }

  @Test("a session that cannot be resumed hands back what was not acknowledged, as soon as the link is gone")
  func notResumable() throws {
    var talk = try Conversation()
    _ = try talk.login()
    _ = try talk.bound()
    _ = try talk.receive("<enabled xmlns='urn:xmpp:sm:3'/>")
    _ = talk.send(1, 2)
    _ = try talk.acknowledge(1)
    #expect(talk.disconnect() == ["lost 2", "ended ioLost"])
    #expect(talk.send(3) == ["lost 3"])
  }
}
