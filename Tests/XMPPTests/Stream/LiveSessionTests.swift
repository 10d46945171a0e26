import Testing
import XMLStream
import XMPP

/// The established session: stanzas, acknowledgements, keepalive. Bugs of other implementations are named by where they
/// were reported.
@Suite struct LiveSessionTests {
  @Test("a batch and the request behind it are one write")
  func oneWrite() throws {
    var talk = try Conversation()
    _ = try talk.establish()
    talk.session.send([Conversation.stanza(1), Conversation.stanza(2)], now: talk.now)
    talk.session.send([Conversation.stanza(3)], now: talk.now)
    #expect(talk.flush() == ["> <message id='1'/><message id='2'/><message id='3'/>" + Conversation.request])
  }

  @Test("one request is open at a time; what went out meanwhile is asked for at the next flush")
  func oneRequest() throws {
    var talk = try Conversation()
    _ = try talk.establish()
    #expect(talk.send(1) == ["> <message id='1'/>" + Conversation.request])
    #expect(talk.send(2) == ["> <message id='2'/>"])
    #expect(try talk.acknowledge(1) == ["acknowledged 1"])
    #expect(talk.flush() == ["> " + Conversation.request])
    #expect(try talk.acknowledge(2) == ["acknowledged 2"])
    #expect(talk.flush() == [])
  }

  @Test("a request is answered at once with what is in custody; unasked, once a flush if it moved")
  func acknowledges() throws {
    // ejabberd#2615, xmpp.js#897, Conversations#1258: servers give up on who lets their queue grow.
    var talk = try Conversation()
    _ = try talk.establish()
    #expect(
      try talk.receive(Conversation.inbound(1), Conversation.inbound(2)) == ["stanza 1 in1", "stanza 2 in2"])
    #expect(try talk.request() == ["> " + Conversation.acknowledgement(0)])
    talk.session.handled(upTo: 1)
    #expect(try talk.request() == ["> " + Conversation.acknowledgement(1)])
    #expect(talk.flush() == [])
    talk.session.handled(upTo: 2)
    #expect(talk.flush() == ["> " + Conversation.acknowledgement(2)])
    #expect(talk.flush() == [])
  }

  @Test("Conversations#2661, dino#1882: only stanzas count, and only once the server counts")
  func whatCounts() throws {
    var talk = try Conversation()
    _ = try talk.login()
    _ = try talk.bound()
    #expect(try talk.receive("<message id='early'/>") == [])
    #expect(
      try talk.receive("<enabled xmlns='urn:xmpp:sm:3' id='sm1' resume='true'/>")
        == ["new bot@example.org/x sm1", "stanza 0 early"])
    #expect(try talk.request() == ["> " + Conversation.acknowledgement(0)])
    #expect(try talk.acknowledge(0) == [])
    #expect(try talk.receive("<active xmlns='urn:xmpp:csi:0'/>", "<message xmlns='urn:other' id='x'/>") == [])
    #expect(
      try talk.receive("<presence id='p'/>", "<iq id='i' type='get'/>", "<message id='m'/>")
        == ["stanza 1 p", "stanza 2 i", "stanza 3 m"])
  }

  @Test("too many stanzas before <enabled/> are refused")
  func earlyLimit() throws {
    var talk = try Conversation()
    _ = try talk.login()
    _ = try talk.bound()
    for _ in 1...64 { #expect(try talk.receive("<message/>") == []) }
    #expect(try talk.receive("<message/>").last == "ended violation policy-violation")
  }

  @Test("Smack 5ddaa623d: the window closes and opens, and a stanza beyond it is still taken")
  func window() throws {
    var talk = try Conversation(window: 2)
    _ = try talk.establish()
    #expect(talk.session.windowRoom == 2)
    _ = talk.send(1, 2)
    #expect(talk.session.windowRoom == 0)
    _ = talk.send(3)
    #expect(talk.session.windowRoom == 0)
    _ = try talk.acknowledge(2)
    #expect(talk.session.windowRoom == 1)
    #expect(try talk.acknowledge(3) == ["acknowledged 3"])
  }

  @Test(
    "an acknowledgement that cannot be ends the stream with the right error, and confirms nothing",
    arguments: [
      ("3", "<handled-count-too-high xmlns='urn:xmpp:sm:3' h='3' send-count='2'/>"),
      ("0", "<handled-count-too-high xmlns='urn:xmpp:sm:3' h='0' send-count='2'/>"),
      ("many", "<bad-format xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"),
    ])
  func impossibleAcknowledgement(_ h: String, _ error: String) throws {
    var talk = try Conversation()
    _ = try talk.establish()
    _ = talk.send(1, 2)
    _ = try talk.acknowledge(1)
    let lines = try talk.acknowledge(h)
    #expect(lines.first?.contains(error) == true)
    #expect(lines.first?.hasSuffix("</stream:error></stream:stream>") == true)
    #expect(lines.dropFirst() == ["close", "lost 2", "ended streamManagement"])
  }

  @Test("XMPPFramework#101, #434, #889: a quiet link is asked after 30 s, and dead 15 s later")
  func keepalive() throws {
    var talk = try Conversation()
    _ = try talk.establish()
    #expect(talk.session.deadline == talk.now + .seconds(30))
    #expect(talk.wait(.seconds(20)) == [])
    _ = try talk.receive(Conversation.inbound(1))
    #expect(talk.session.deadline == talk.now + .seconds(30))
    #expect(talk.expire() == ["> " + Conversation.request])
    #expect(talk.session.deadline == talk.now + .seconds(15))
    #expect(try talk.acknowledge(0) == [])
    #expect(talk.expire() == ["> " + Conversation.request])
    #expect(talk.expire() == ["close", "ended timeout"])
    #expect(talk.session.resumable?.id == "sm1")
    #expect(talk.disconnect() == [])
  }

  @Test("an <r/> behind stanzas is as good a question")
  func requestTimeout() throws {
    var talk = try Conversation()
    _ = try talk.establish()
    _ = talk.wait(.seconds(10))
    _ = talk.send(1)
    #expect(talk.session.deadline == talk.now + .seconds(15))
    _ = talk.wait(.seconds(5))
    _ = talk.send(2)
    #expect(talk.session.deadline == talk.now + .seconds(10))
    #expect(talk.expire() == ["close", "ended timeout"])
  }

  @Test("a server that still sends gets more time for its answer, but not for ever")
  func busyServer() throws {
    var talk = try Conversation()
    _ = try talk.establish()
    _ = talk.send(1)
    for number in 1...5 {
      #expect(talk.wait(.seconds(10)) == [])
      #expect(try talk.receive(Conversation.inbound(number)) == ["stanza \(number) in\(number)"])
    }
    talk.session.heard(now: talk.now + .seconds(9))
    #expect(talk.wait(.seconds(10)) == ["close", "ended timeout"])
  }

  @Test("of two questions the older one counts, and any answer settles both")
  func twoQuestions() {
    var keepalive = Keepalive(silence: .seconds(30), deadAfter: .seconds(15), now: .zero)
    keepalive.asked(at: .seconds(1))
    keepalive.asked(at: .seconds(10))
    #expect(keepalive.deadline == .seconds(16))
    #expect(keepalive.verdict(at: .seconds(15)) == .wait)
    #expect(keepalive.verdict(at: .seconds(16)) == .dead)
    keepalive.answered()
    #expect(keepalive.verdict(at: .seconds(30)) == .ask)
  }

  @Test("Smack 525ee09ea: what was not written before the link was lost is not written to the next one")
  func staleOutput() throws {
    var talk = try Conversation()
    _ = try talk.establish()
    talk.session.send([Conversation.stanza(1)], now: talk.now)
    talk.session.received(.element(try XMLElement(parsing: Conversation.request)), now: talk.now)
    talk.session.disconnected(now: talk.now)
    #expect(talk.actions() == ["ended ioLost"])
    #expect(try talk.login() == [ResumptionTests.resume(0)])
  }

  @Test("without Stream Management a ping behind the batch confirms it")
  func pings() throws {
    var talk = try Conversation()
    #expect(try talk.establishWithoutManagement() == ["new bot@example.org/x -"])
    let ping = "<iq type='get' id='n1-ping-1' to='example.org'><ping xmlns='urn:xmpp:ping'/></iq>"
    #expect(talk.send(1, 2) == ["> <message id='1'/><message id='2'/>" + ping])
    #expect(talk.send(3) == ["> <message id='3'/>"])
    // Somebody else's answer is a stanza like any other.
    #expect(
      try talk.receive("<iq type='result' id='n1-ping-1' from='mallory@example.org'/>") == ["stanza 1 n1-ping-1"])
    #expect(try talk.receive("<iq type='result' id='n1-ping-1' from='example.org'/>") == ["acknowledged 2"])
    #expect(talk.flush() == ["> " + ping.replacing("ping-1", with: "ping-2")])
    #expect(
      try talk.receive("<iq type='error' id='n1-ping-2' from='example.org'><error type='cancel'/></iq>")
        == ["acknowledged 3"])
    talk.session.handled(upTo: 1)
    #expect(talk.flush() == [])
    #expect(talk.expire() == ["> " + ping.replacing("ping-1", with: "ping-3")])
    #expect(talk.expire() == ["close", "lost nothing", "ended timeout"])
  }

  @Test("without Stream Management its elements mean nothing")
  func managementElementsWithoutManagement() throws {
    var talk = try Conversation()
    _ = try talk.establishWithoutManagement()
    _ = talk.send(1)
    #expect(try talk.request() == [])
    #expect(try talk.acknowledge(1) == [])
    #expect(talk.disconnect() == ["lost 1", "ended ioLost"])
  }

  @Test("<enable/> refused: the session goes on with pings")
  func enableFailed() throws {
    var talk = try Conversation()
    _ = try talk.login()
    _ = try talk.bound()
    #expect(
      try talk.receive(
        "<failed xmlns='urn:xmpp:sm:3'><unexpected-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>")
        == ["new bot@example.org/x -"])
    #expect(talk.send(1).first?.hasSuffix("<ping xmlns='urn:xmpp:ping'/></iq>") == true)
  }

  @Test("the server's error is passed on with its words")
  func serversWords() throws {
    var talk = try Conversation()
    _ = try talk.establish()
    talk.session.received(
      .element(
        try XMLElement(
          parsing: """
            <error xmlns='http://etherx.jabber.org/streams'>\
            <policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>\
            <text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>too many stanzas</text></error>
            """)), now: talk.now)
    var end: SessionEnd?
    while let action = talk.session.nextAction() {
      if case .ended(let reason) = action { end = reason }
    }
    #expect(end == .streamError(condition: "policy-violation", text: "too many stanzas"))
    #expect(end?.description == "the server ended the stream with policy-violation: too many stanzas")
  }

  @Test("the server's close is answered, and the session can be resumed")
  func peerCloses() throws {
    var talk = try Conversation()
    _ = try talk.establish()
    #expect(talk.close() == ["> </stream:stream>", "close", "ended peerClosed"])
    #expect(talk.session.resumable != nil)
  }
}
