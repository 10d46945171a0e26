import Testing
import XMPP

/// Prosody 0.12 feeds a resumed stream to the parser of the old connection. If that was cut in the middle of a stanza, the
/// server complains, or hears nothing any more; either way it has handled nothing of what was sent on the resumed stream.
@Suite struct ResumptionTrialTests {
  /// A session with one stanza on its way that is resumed after a cut.
  private func resumed() throws -> Conversation {
    var talk = try Conversation()
    _ = try talk.establish()
    _ = talk.send(1)
    _ = talk.disconnect()
    _ = try talk.login()
    #expect(
      try talk.resumed(0) == ["resumed bot@example.org/x sm1", "> <message id='1'/>" + Conversation.request])
    return talk
  }

  @Test("what the server says on a resumed stream counts only when it has shown that it hears us")
  func holdsUntilAnswered() throws {
    var talk = try resumed()
    #expect(try talk.receive(Conversation.inbound(1), Conversation.inbound(2)) == [])
    #expect(try talk.acknowledge(1) == ["stanza 1 in1", "stanza 2 in2", "acknowledged 1"])
    #expect(try talk.receive(Conversation.inbound(3)) == ["stanza 3 in3"])
  }

  @Test("an acknowledgement of nothing right before a stream error shows nothing")
  func lastWordsProveNothing() throws {
    var talk = try resumed()
    let news = try talk.receive(
      Conversation.inbound(1), "<a xmlns='urn:xmpp:sm:3' h='0'/>",
      """
      <error xmlns='http://etherx.jabber.org/streams'>\
      <not-well-formed xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></error>
      """)
    #expect(!news.contains { $0.hasPrefix("stanza") })
    #expect(news.last == "ended streamError not-well-formed")
  }

  @Test("a server that resumes and then is silent, twice, has lost the session, and handled nothing on it")
  func givesADeafSessionUp() throws {
    var talk = try resumed()
    _ = try talk.receive(Conversation.inbound(1))
    #expect(talk.expire() == ["close", "ended timeout"])
    _ = try talk.login()
    let news = try talk.resumed(0)
    #expect(news.contains("lost 1"))
    #expect(news.last == "ended streamManagement")
    // The next connection does not ask for it any more.
    #expect(try talk.login() == [ResumptionTests.bindRequest])
  }

  @Test("a link that dies on a resumed stream, again and again, does not cost the session")
  func survivesCuts() throws {
    var talk = try resumed()
    for _ in 0..<5 {
      #expect(talk.disconnect() == ["ended ioLost"])
      _ = try talk.login()
      _ = try talk.resumed(0)
    }
    #expect(try talk.acknowledge(1) == ["acknowledged 1"])
  }
}
