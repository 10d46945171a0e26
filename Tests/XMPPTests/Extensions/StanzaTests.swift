import Testing
import XMLStream
import XMPP

/// Stanza errors, iq requests and their answers (RFC 6120 §8).
@Suite struct StanzaTests {
  static func element(_ text: String) throws -> XMLElement { try XMLElement(parsing: text) }
  static func iq(_ text: String) throws -> IQ { try #require(IQ(try element(text))) }
  static func text(_ bytes: [UInt8]?) -> String? { bytes.map { String(decoding: $0, as: UTF8.self) } }

  @Test("tells stanzas from everything else")
  func kinds() throws {
    #expect(StanzaKind(try Self.element("<message/>")) == .message)
    #expect(StanzaKind(try Self.element("<presence/>")) == .presence)
    #expect(StanzaKind(try Self.element("<iq/>")) == .iq)
    #expect(StanzaKind(try Self.element("<r xmlns='urn:xmpp:sm:3'/>")) == nil)
    #expect(StanzaKind(try Self.element("<message xmlns='urn:other'/>")) == nil)
    #expect(MessageType(of: try Self.element("<message type='chat'/>")) == .chat)
    #expect(MessageType(of: try Self.element("<message type='strange'/>")) == .normal)
    #expect(PresenceType(of: try Self.element("<presence/>")) == .available)
    #expect(PresenceType(of: try Self.element("<presence type='subscribe'/>")) == .subscribe)
    #expect(PresenceType(of: try Self.element("<presence type='strange'/>")) == nil)
  }

  @Test("reads an error with type, condition and text")
  func readsError() throws {
    let error = StanzaError(
      of: try Self.element(
        """
        <message type='error'><body>hi</body><error type='wait' by='example.org'>\
        <x xmlns='urn:app'/><resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>\
        <text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>later</text></error></message>
        """))
    #expect(error == StanzaError(.resourceConstraint, kind: .wait, text: "later"))
    #expect(error?.description == "resource-constraint: later")
  }

  @Test(
    "an error that says nothing known is an undefined one",
    arguments: ["", "<error/>", "<error><odd xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"])
  func readsPoorError(_ content: String) throws {
    #expect(
      StanzaError(of: try Self.element("<iq type='error' id='1'>\(content)</iq>")) == StanzaError(.undefinedCondition))
    #expect(StanzaError(of: try Self.element("<iq type='result' id='1'>\(content)</iq>")) == nil)
  }

  @Test("answers with an error, addresses swapped")
  func repliesWithError() throws {
    let message = try Self.element(
      "<message from='a@example.org/x' to='bot@example.org' id='7'><body>hi</body></message>")
    #expect(
      Self.text(StanzaError(.serviceUnavailable, text: "no & no").reply(to: message))
        == "<message from='bot@example.org' to='a@example.org/x' type='error' id='7'><error type='cancel'>"
        + "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
        + "<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>no &amp; no</text></error></message>")
  }

  @Test(
    "never answers an error or an answer with an error",
    arguments: [
      "<message type='error'/>", "<iq type='result' id='1'/>", "<iq type='error' id='1'/>", "<iq type='get'/>",
    ])
  func staysSilent(_ stanza: String) throws {
    #expect(StanzaError(.badRequest).reply(to: try Self.element(stanza)) == nil)
  }

  @Test("every condition has the type that RFC 6120 gives it")
  func usualKinds() {
    #expect(StanzaError.Condition.allCases.count == 22)
    #expect(StanzaError(.forbidden).kind == .auth)
    #expect(StanzaError(.itemNotFound).kind == .cancel)
    #expect(StanzaError(.badRequest).kind == .modify)
    #expect(StanzaError(.recipientUnavailable).kind == .wait)
  }

  @Test("takes an answer only from whom it asked")
  func answers() throws {
    let (own, alice, server) = (
      try JID("bot@example.org/x"), try JID("alice@example.com/y"), try JID("example.org")
    )
    func answers(_ from: String, to recipient: JID?) throws -> Bool {
      try Self.iq("<iq type='result' id='q1'\(from)/>").answers("q1", to: recipient, of: own)
    }
    for from in ["", " from='bot@example.org'", " from='bot@example.org/x'", " from='example.org'"] {
      #expect(try answers(from, to: nil))
      #expect(try answers(from, to: server))
      #expect(try !answers(from, to: alice))
    }
    #expect(try answers(" from='Alice@example.com/y'", to: alice))
    for from in [" from='alice@example.com/z'", " from='alice@example.com'", " from='@'"] {
      #expect(try !answers(from, to: nil))
      #expect(try !answers(from, to: server))
      #expect(try !answers(from, to: alice))
    }
    #expect(try !Self.iq("<iq type='result' id='q2'/>").answers("q1", to: nil, of: own))
    #expect(try !Self.iq("<iq type='get' id='q1'/>").answers("q1", to: nil, of: own))
  }

  @Test("an iq without id or type is none")
  func incompleteIQ() throws {
    for text in ["<iq type='get'/>", "<iq id='1'/>", "<iq id='1' type='odd'/>", "<message id='1' type='get'/>"] {
      #expect(IQ(try Self.element(text)) == nil)
    }
  }

  @Test("writes a result with its addresses swapped")
  func result() throws {
    let iq = try Self.iq(
      "<iq type='set' id='1&quot;' from='a@example.org/x' to='bot@example.org/y'><q xmlns='q'/></iq>")
    #expect(iq.payload?.name == "q")
    #expect(
      Self.text(iq.result())
        == "<iq from='bot@example.org/y' to='a@example.org/x' type='result' id='1\"'/>")
  }
}
