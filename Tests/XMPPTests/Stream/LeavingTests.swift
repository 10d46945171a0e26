import Testing
import XMLStream
import XMPP

/// Logging out and parking. Bugs of other implementations are named by where they were reported.
@Suite struct LeavingTests {
  @Test("logs out: last acknowledgement, close, the server's close; the session is over")
  func logsOut() throws {
    var talk = try Conversation()
    _ = try talk.establish()
    _ = try talk.receive(Conversation.inbound(1))
    talk.session.handled(upTo: 1)
    talk.session.logout(now: talk.now)
    #expect(talk.actions() == ["> " + Conversation.acknowledgement(1) + Conversation.closeStream])
    #expect(talk.session.deadline == talk.now + .seconds(5))
    #expect(talk.close() == ["close", "lost nothing", "ended loggedOut"])
    #expect(talk.session.resumable == nil)
    // Smack 0191ed717: nothing is resumed after a clean logout.
    #expect(try talk.login() == [ResumptionTests.bindRequest])
  }

  @Test("Smack 49ebe8c58: what was not acknowledged at the logout is handed back and never sent by itself")
  func nothingOldIsSent() throws {
    var talk = try Conversation()
    _ = try talk.establish()
    _ = talk.send(1, 2, 3)
    talk.session.logout(now: talk.now)
    _ = talk.actions()
    #expect(try talk.acknowledge(2) == ["acknowledged 2"])
    #expect(talk.close() == ["close", "lost 3", "ended loggedOut"])
    _ = try talk.establish(id: "sm2")
    #expect(talk.flush() == [])
  }

  @Test("Smack 525ee09ea: a request behind our close is not answered, neither now nor on the next stream")
  func lateRequest() throws {
    var talk = try Conversation()
    _ = try talk.establish()
    talk.session.logout(now: talk.now)
    _ = talk.actions()
    #expect(try talk.request() == [])
    #expect(try talk.receive(Conversation.inbound(1)) == [])
    #expect(talk.flush() == [])
    #expect(talk.close() == ["close", "lost nothing", "ended loggedOut"])
    #expect(
      talk.connect() == [
        NegotiationTests.header + "from='bot@example.org' to='example.org' version='1.0' xml:lang='en'>"
      ])
  }

  @Test("a server that never closes is left after 5 s, and a lost link is no other end")
  func impatience() throws {
    var talk = try Conversation()
    _ = try talk.establish()
    talk.session.logout(now: talk.now)
    _ = talk.actions()
    #expect(talk.wait(.seconds(4)) == [])
    #expect(talk.expire() == ["close", "lost nothing", "ended loggedOut"])

    _ = try talk.establish()
    talk.session.logout(now: talk.now)
    _ = talk.actions()
    #expect(talk.disconnect() == ["lost nothing", "ended loggedOut"])

    _ = try talk.establish()
    talk.session.logout(now: talk.now)
    _ = talk.actions()
    #expect(try talk.receive(streamError: "reset") == ["close", "lost nothing", "ended loggedOut"])
  }

  @Test("logs out while connecting, and gives up a session that waits for its resumption")
  func logsOutUnestablished() throws {
    var talk = try Conversation(resuming: try ResumptionTests.stored(unacknowledged: [1]))
    _ = talk.connect()
    talk.session.logout(now: talk.now)
    #expect(talk.actions() == ["> </stream:stream>", "close", "lost 1", "ended loggedOut"])

    talk = try Conversation(resuming: try ResumptionTests.stored(unacknowledged: [1]))
    talk.session.logout(now: talk.now)
    #expect(talk.actions() == ["lost 1"])
  }

  @Test("parks: last acknowledgement, last request, its answer; the connection drops and the session stays")
  func parks() throws {
    var talk = try Conversation()
    _ = try talk.establish()
    _ = talk.send(1)
    _ = try talk.receive(Conversation.inbound(1), Conversation.inbound(2))
    talk.session.handled(upTo: 1)
    talk.session.park(now: talk.now)
    #expect(talk.actions() == ["> " + Conversation.acknowledgement(1) + Conversation.request])
    #expect(talk.session.windowRoom == 0)
    #expect(talk.session.deadline == talk.now + .seconds(3))
    // Not taken any more: it will come again.
    #expect(try talk.receive(Conversation.inbound(3)) == [])
    talk.session.handled(upTo: 2)
    #expect(talk.flush() == ["> " + Conversation.acknowledgement(2)])
    #expect(try talk.request() == ["> " + Conversation.acknowledgement(2)])
    // Two requests were open, and the second answer is the last word.
    #expect(try talk.acknowledge(1) == ["acknowledged 1"])
    #expect(try talk.acknowledge(1) == ["close", "ended parked"])
    #expect(talk.session.resumable?.inbound == 2)
    talk.session.resumable(inbound: 2)
    #expect(try talk.login() == [ResumptionTests.resume(2)])
    _ = try talk.resumed(1)
  }

  @Test("parks without the answer after 3 s, and when the link is lost meanwhile")
  func parksAnyway() throws {
    var talk = try Conversation()
    _ = try talk.establish()
    _ = talk.send(1)
    talk.session.park(now: talk.now)
    _ = talk.actions()
    #expect(talk.expire() == ["close", "ended parked"])
    #expect(talk.session.resumable?.unacknowledged.count == 1)
    _ = try talk.login()
    _ = try talk.resumed(0)
    talk.session.park(now: talk.now)
    _ = talk.actions()
    #expect(talk.disconnect() == ["ended parked"])
    // The requests that got no answer are forgotten with their connection.
    _ = try talk.login()
    _ = try talk.resumed(1)
    _ = try talk.acknowledge(1)
    #expect(talk.send(2) == ["> <message id='2'/>" + Conversation.request])
  }

  @Test("a stanza handed over while parking keeps its place in the session")
  func sendWhileParking() throws {
    var talk = try Conversation()
    _ = try talk.establish()
    talk.session.park(now: talk.now)
    _ = talk.actions()
    #expect(talk.send(1) == [])
    #expect(try talk.acknowledge(0) == ["close", "ended parked"])
    _ = try talk.login()
    #expect(try talk.resumed(0).last == "> <message id='1'/>" + Conversation.request)
  }

  @Test("parks a login under way by leaving it, and logs out what could not be resumed")
  func parksOtherwise() throws {
    var talk = try Conversation(resuming: try ResumptionTests.stored())
    _ = try talk.login()
    talk.session.park(now: talk.now)
    #expect(talk.actions() == ["close", "ended parked"])
    #expect(talk.session.resumable != nil)

    talk = try Conversation()
    _ = try talk.establishWithoutManagement()
    talk.session.park(now: talk.now)
    #expect(talk.actions() == ["> </stream:stream>"])
  }

  @Test("an impossible acknowledgement while parking gives the session up")
  func impossibleWhileParking() throws {
    var talk = try Conversation()
    _ = try talk.establish()
    talk.session.park(now: talk.now)
    _ = talk.actions()
    #expect(try talk.acknowledge(1).last == "ended streamManagement")
    #expect(talk.session.resumable == nil)
  }
}
