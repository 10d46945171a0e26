import Testing
import XMLStream
import XMPP

/// What messages carry besides words, and how an archive is read.
@Suite struct MessageExtensionTests {
  private let account: JID

  init() throws { account = try JID("bot@example.org/b") }

  private func element(_ text: String) throws -> XMLElement { try XMLElement(parsing: text) }

  private static let words = "<message xmlns='jabber:client' from='alice@example.org/a'><body>hi</body></message>"

  // MARK: Message carbons (XEP-0280)

  private func carbon(_ from: String?, _ direction: String = "received", _ inside: String? = nil) -> String {
    let sender = from.map { " from='\($0)'" } ?? ""
    let forwarded = inside ?? "<forwarded xmlns='urn:xmpp:forward:0'>\(Self.words)</forwarded>"
    return "<message\(sender)><\(direction) xmlns='urn:xmpp:carbons:2'>\(forwarded)</\(direction)></message>"
  }

  @Test("takes a copy from the account itself", arguments: ["received", "sent"])
  func carbons(direction: String) throws {
    for from in ["bot@example.org", nil] {
      let reading = MessageCarbons.read(try element(carbon(from, direction)), account: account)
      let expected = try #require(MessageCarbons.Direction(rawValue: direction))
      #expect(reading == .copy(expected, of: try element(Self.words)))
    }
    #expect(MessageCarbons.read(try element(Self.words), account: account) == .none)
  }

  @Test(
    "CVE-2017-5589: takes no copy from anybody else",
    arguments: ["bot@example.org/other", "alice@example.org", "example.org", "BOT@example.org.evil", "@"])
  func forgedCarbons(from: String) throws {
    #expect(MessageCarbons.read(try element(carbon(from)), account: account) == .forged)
  }

  @Test("a copy of nothing is none")
  func emptyCarbons() throws {
    for inside in ["", "<forwarded xmlns='urn:xmpp:forward:0'/>", Self.words] {
      #expect(MessageCarbons.read(try element(carbon(nil, "sent", inside)), account: account) == .forged)
    }
  }

  // MARK: Message archive (XEP-0313, XEP-0059)

  @Test("asks for pages")
  func archiveRequests() throws {
    let after = MessageArchive.request(id: "1", query: "q", page: .init(.after("a<1"), limit: 50))
    #expect(
      StanzaTests.text(after)
        == "<iq type='set' id='1'><query xmlns='urn:xmpp:mam:2' queryid='q'>"
        + "<set xmlns='http://jabber.org/protocol/rsm'><max>50</max><after>a&lt;1</after></set></query></iq>")
    let room = try JID("ops@conference.example.org")
    let since = MessageArchive.request(
      id: "2", query: "q", of: room, start: 1_795_334_400_000, page: .init(.before(nil), limit: 1))
    #expect(
      StanzaTests.text(since)
        == "<iq type='set' id='2' to='ops@conference.example.org'><query xmlns='urn:xmpp:mam:2' queryid='q'>"
        + "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'><value>urn:xmpp:mam:2</value></field>"
        + "<field var='start'><value>2026-11-22T08:00:00.000Z</value></field></x>"
        + "<set xmlns='http://jabber.org/protocol/rsm'><max>1</max><before/></set></query></iq>")
  }

  @Test("reads results")
  func archiveResults() throws {
    let forwarded =
      "<forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2026-11-22T08:00:00Z'/>"
      + Self.words + "</forwarded>"
    let result = try #require(
      MessageArchive.Result(
        try element("<message><result xmlns='urn:xmpp:mam:2' queryid='q' id='7'>\(forwarded)</result></message>")))
    #expect(result.query == "q" && result.id == "7")
    #expect(result.forwarded.time == 1_795_334_400_000)
    #expect(result.forwarded.message == (try element(Self.words)))
    for other in [
      "<result xmlns='urn:xmpp:mam:2' queryid='q'>\(forwarded)</result>", "<result xmlns='urn:xmpp:mam:2' id='7'/>",
      "<result xmlns='urn:xmpp:mam:1' id='7'>\(forwarded)</result>",
    ] {
      #expect(MessageArchive.Result(try element("<message>\(other)</message>")) == nil)
    }
  }

  @Test("reads the end of a page")
  func archiveEnds() throws {
    func end(_ inside: String) throws -> MessageArchive.End? {
      MessageArchive.End(try StanzaTests.iq("<iq type='result' id='1'>\(inside)</iq>"))
    }
    let set =
      "<set xmlns='http://jabber.org/protocol/rsm'><first index='0'>1</first><last>9</last><count>20</count></set>"
    let page = try #require(try end("<fin xmlns='urn:xmpp:mam:2'>\(set)</fin>"))
    #expect(!page.isComplete && page.page.first == "1" && page.page.last == "9" && page.page.count == 20)
    let last = try #require(try end("<fin xmlns='urn:xmpp:mam:2' complete='true'/>"))
    #expect(last.isComplete && last.page.last == nil)
    #expect(try end("<query xmlns='urn:xmpp:mam:2'/>") == nil)
  }

  // MARK: Receipts and markers (XEP-0184, XEP-0333)

  @Test("a receipt is owed for a message with an id that is not in a room")
  func receiptRequests() throws {
    let request = "<request xmlns='urn:xmpp:receipts'/>"
    #expect(MessageReceipts.isRequested(in: try element("<message id='1' type='chat'>\(request)</message>")))
    #expect(MessageReceipts.isRequested(in: try element("<message id='1'>\(request)</message>")))
    for other in [
      "<message>\(request)</message>", "<message id=''>\(request)</message>", "<message id='1'/>",
      "<message id='1' type='groupchat'>\(request)</message>", "<message id='1' type='error'>\(request)</message>",
    ] {
      #expect(!MessageReceipts.isRequested(in: try element(other)))
    }
  }

  @Test("writes a receipt and reads it back")
  func receipts() throws {
    let receipt = MessageReceipts.receipt(for: "m'1", to: try JID("alice@example.org/a"), type: .chat, id: "r1")
    let stanza = try element(String(decoding: receipt, as: UTF8.self))
    #expect(stanza.attribute("to") == "alice@example.org/a" && stanza.attribute("type") == "chat")
    #expect(MessageReceipts.received(in: stanza) == "m'1")
    #expect(stanza.child("store", in: "urn:xmpp:hints") != nil)
    #expect(MessageReceipts.received(in: try element(Self.words)) == nil)
  }

  @Test("reads markers", arguments: ChatMarkers.Marker.allCases)
  func markers(marker: ChatMarkers.Marker) throws {
    let found = ChatMarkers.marker(
      in: try element("<message><\(marker) xmlns='urn:xmpp:chat-markers:0' id='m1'/></message>"))
    #expect(found?.marker == marker && found?.id == "m1")
    for other in [
      "<markable xmlns='urn:xmpp:chat-markers:0'/>", "<displayed xmlns='urn:xmpp:chat-markers:0'/>",
      "<displayed xmlns='x' id='1'/>",
    ] {
      #expect(ChatMarkers.marker(in: try element("<message>\(other)</message>")) == nil)
    }
  }

  // MARK: Stable ids (XEP-0359)

  @Test("believes only the archive's own id")
  func stanzaIDs() throws {
    let stanza = try element(
      "<message><stanza-id xmlns='urn:xmpp:sid:0' by='mallory@example.org' id='1'/>"
        + "<stanza-id xmlns='urn:xmpp:sid:0' by='Bot@example.org' id='2'/></message>")
    #expect(StableIDs.stanzaID(of: stanza, by: account.bare) == "2")
    #expect(StableIDs.stanzaID(of: stanza, by: try JID("room@example.org")) == nil)
  }

  // MARK: Service discovery (XEP-0030)

  @Test("asks what an entity can do and reads the answer")
  func discovery() throws {
    #expect(
      StanzaTests.text(DiscoInfo.request(id: "1", to: try JID("example.org")))
        == "<iq type='get' id='1' to='example.org'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>")
    let info = DiscoInfo(
      result: try StanzaTests.iq(
        "<iq type='result' id='1'><query xmlns='http://jabber.org/protocol/disco#info'>"
          + "<identity category='server' type='im' name='S'/><feature var='urn:xmpp:mam:2'/><feature/></query></iq>"))
    #expect(
      info == DiscoInfo(identities: [.init(category: "server", type: "im", name: "S")], features: ["urn:xmpp:mam:2"]))
    #expect(DiscoInfo(result: try StanzaTests.iq("<iq type='error' id='1'/>")) == nil)
  }
}
