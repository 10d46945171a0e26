import Testing
import XMLStream
import XMPP

/// Roster, presence, and the requests that every entity answers.
@Suite struct ExtensionTests {
  static let account = "bot@example.org"

  private func iq(_ text: String) throws -> IQ { try StanzaTests.iq(text) }

  // MARK: Roster (RFC 6121 §2)

  @Test("asks for the roster, with a version only if the server has versions")
  func rosterRequest() {
    #expect(
      StanzaTests.text(Roster.request(id: "r1"))
        == "<iq type='get' id='r1'><query xmlns='jabber:iq:roster'/></iq>")
    #expect(
      StanzaTests.text(Roster.request(id: "r1", version: ""))
        == "<iq type='get' id='r1'><query xmlns='jabber:iq:roster' ver=''/></iq>")
  }

  @Test("reads a roster; a contact that has no address is left out")
  func rosterResult() throws {
    let roster = Roster(
      result: try iq(
        """
        <iq type='result' id='r1'><query xmlns='jabber:iq:roster' ver='v7'>\
        <item jid='Alice@example.org' name='Alice' subscription='both'><group>A</group><group>B</group><group>A</group></item>\
        <item jid='bob@example.org' ask='subscribe'/><item jid='@'/><other xmlns='x'/></query></iq>
        """))
    #expect(
      roster
        == Roster(
          items: [
            .init(jid: try JID("alice@example.org"), name: "Alice", subscription: .both, groups: ["A", "B"]),
            .init(jid: try JID("bob@example.org"), isAsking: true),
          ], version: "v7"))
    #expect(Roster(result: try iq("<iq type='result' id='r1'/>")) == nil)
  }

  @Test("changes the roster")
  func rosterChanges() throws {
    #expect(
      StanzaTests.text(Roster.set(try JID("alice@example.org/x"), name: "A<", groups: ["g"], id: "1"))
        == "<iq type='set' id='1'><query xmlns='jabber:iq:roster'><item jid='alice@example.org' name='A&lt;'><group>g</group></item></query></iq>"
    )
    #expect(
      StanzaTests.text(Roster.remove(try JID("alice@example.org"), id: "2"))
        == "<iq type='set' id='2'><query xmlns='jabber:iq:roster'><item jid='alice@example.org' subscription='remove'/></query></iq>"
    )
  }

  @Test("CVE-2015-8688: takes a roster push only from the account itself")
  func rosterPush() throws {
    let account = try JID(Self.account + "/x")
    func push(_ from: String, _ content: String = "<item jid='alice@example.org' subscription='remove'/>") throws
      -> Roster.Push
    {
      Roster.push(
        try iq("<iq type='set' id='1'\(from)><query xmlns='jabber:iq:roster' ver='v8'>\(content)</query></iq>"),
        account: account)
    }
    let change = Roster.Push.change(
      .init(jid: try JID("alice@example.org"), subscription: .remove), version: "v8")
    #expect(try push("") == change)
    #expect(try push(" from='bot@example.org'") == change)
    for from in ["bot@example.org/x", "example.org", "mallory@example.org", "mallory@example.com/bot@example.org", "@"]
    {
      #expect(try push(" from='\(from)'") == .forged)
    }
    #expect(try push("", "") == .malformed)
    #expect(try push("", "<item jid='a@example.org'/><item jid='b@example.org'/>") == .malformed)
    #expect(Roster.push(try iq("<iq type='set' id='1'><q xmlns='x'/></iq>"), account: account) == .none)
    #expect(
      Roster.push(try iq("<iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>"), account: account) == .none)
  }

  // MARK: Presence (RFC 6121 §3, §4)

  @Test("writes presence")
  func presence() throws {
    let alice = try JID("alice@example.org/phone")
    #expect(StanzaTests.text(Presence.available()) == "<presence/>")
    #expect(
      StanzaTests.text(Presence.available(show: .chat, status: "on & on", priority: -1))
        == "<presence><show>chat</show><status>on &amp; on</status><priority>-1</priority></presence>")
    #expect(StanzaTests.text(Presence.unavailable()) == "<presence type='unavailable'/>")
    #expect(
      StanzaTests.text(Presence.subscribe(to: alice)) == "<presence to='alice@example.org' type='subscribe'/>")
    #expect(
      StanzaTests.text(Presence.subscribed(to: alice, from: try JID("lamp@things.example.org")))
        == "<presence from='lamp@things.example.org' to='alice@example.org' type='subscribed'/>")
    #expect(
      StanzaTests.text(Presence.unsubscribe(from: alice)) == "<presence to='alice@example.org' type='unsubscribe'/>")
    #expect(
      StanzaTests.text(Presence.unsubscribed(to: alice)) == "<presence to='alice@example.org' type='unsubscribed'/>")
  }

  // MARK: Requests

  static let responder = IQResponder(
    info: DiscoInfo(
      identities: [.init(category: "client", type: "bot", name: "bridge")], features: ["urn:xmpp:receipts"]),
    version: SoftwareVersion(name: "bridge", version: "1.0"))

  private func answer(_ type: String, _ payload: String) throws -> String? {
    StanzaTests.text(
      Self.responder.answer(
        try iq("<iq type='\(type)' id='1' from='a@example.org/x' to='bot@example.org/y'>\(payload)</iq>")))
  }

  private static let head = "<iq from='bot@example.org/y' to='a@example.org/x' type="

  @Test("answers a ping (XEP-0199)")
  func ping() throws {
    #expect(try answer("get", "<ping xmlns='urn:xmpp:ping'/>") == Self.head + "'result' id='1'/>")
  }

  @Test("tells what it is and what it can do (XEP-0030)")
  func discoInfo() throws {
    #expect(
      try answer("get", "<query xmlns='http://jabber.org/protocol/disco#info'/>")
        == Self.head + "'result' id='1'><query xmlns='http://jabber.org/protocol/disco#info'>"
        + "<identity category='client' type='bot' name='bridge'/><feature var='urn:xmpp:receipts'/>"
        + "<feature var='http://jabber.org/protocol/disco#info'/><feature var='urn:xmpp:ping'/>"
        + "<feature var='jabber:iq:version'/></query></iq>")
    #expect(
      try answer("get", "<query xmlns='http://jabber.org/protocol/disco#info' node='n'/>")?.contains("<item-not-found")
        == true)
  }

  @Test("tells its version (XEP-0092)")
  func version() throws {
    #expect(
      try answer("get", "<query xmlns='jabber:iq:version'/>")
        == Self.head
        + "'result' id='1'><query xmlns='jabber:iq:version'><name>bridge</name><version>1.0</version></query></iq>")
  }

  @Test("leaves no request without an answer, and no answer with one")
  func everythingElse() throws {
    let unavailable =
      Self.head
      + "'error' id='1'><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
    for payload in ["<query xmlns='jabber:iq:last'/>", "<ping xmlns='other'/>"] {
      #expect(try answer("get", payload) == unavailable)
    }
    #expect(try answer("set", "<ping xmlns='urn:xmpp:ping'/>") == unavailable)
    #expect(try answer("get", "")?.contains("<bad-request ") == true)
    #expect(try answer("get", "<a xmlns='a'/><b xmlns='b'/>")?.contains("<bad-request ") == true)
    #expect(try answer("result", "<ping xmlns='urn:xmpp:ping'/>") == nil)
    #expect(try answer("error", "") == nil)
  }
}
