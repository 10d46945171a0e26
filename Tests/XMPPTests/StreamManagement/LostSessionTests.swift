import Testing
import XMLStream
import XMPP

/// Sessions that cannot be resumed, or not any more (XEP-0198 §5). Bugs of other implementations are named by where they
/// were reported.
@Suite struct LostSessionTests {
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
        == ["acknowledged 2", "lost 3", ResumptionTests.bindRequest])
    #expect(try talk.bound("bot@example.org/y") == [ResumptionTests.enable])
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
    #expect(try talk.receive(failed) == ["lost 1 2", ResumptionTests.bindRequest])
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
    #expect(try talk.login() == [ResumptionTests.bindRequest])
  }

  @Test("a server that no longer offers Stream Management has no session to resume")
  func managementGone() throws {
    var talk = try Conversation()
    _ = try talk.establish()
    _ = talk.send(1)
    _ = talk.disconnect()
    #expect(try talk.login(features: Conversation.bind) == ["lost 1", ResumptionTests.bindRequest])
    #expect(try talk.bound() == ["new bot@example.org/x -"])
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
    #expect(try talk.login() == [ResumptionTests.bindRequest])
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

    talk = try Conversation(resuming: try ResumptionTests.stored())
    _ = talk.connect()
    _ = talk.open()
    #expect(try talk.resumed(0).last == "ended streamManagement")
  }

  @Test("`<resumed/>` without a count is no resumption")
  func resumedWithoutCount() throws {
    var talk = try Conversation(resuming: try ResumptionTests.stored(unacknowledged: [1]))
    _ = try talk.login()
    #expect(
      try talk.receive("<resumed xmlns='urn:xmpp:sm:3' previd='sm1'/>").dropFirst()
        == ["close", "lost 1", "ended streamManagement"])
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
    #expect(try talk.login() == [ResumptionTests.bindRequest])
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
    #expect(try talk.login() == [ResumptionTests.resume(0)])
    #expect(
      try talk.receive("<failed xmlns='urn:xmpp:sm:3' h='2'/>") == [
        "acknowledged 2", "lost nothing", ResumptionTests.bindRequest,
      ])
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
