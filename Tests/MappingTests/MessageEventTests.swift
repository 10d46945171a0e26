import MQTT
import Mapping
import Testing
import XMLStream
import XMPP

@Suite struct MessageEventTests {
  let bot: JID
  let received: Int64 = 1_795_334_400_000

  init() throws {
    bot = try JID("bot@example.org/bridge")
  }

  func event(_ xml: String, carbon: MessageCarbons.Direction? = nil) throws -> MessageEvent? {
    let stanza = try XMLElement(parsing: xml)
    return try MessageEvent(
      stanza: stanza, account: bot, archiveID: StableIDs.stanzaID(of: stanza, by: bot.bare), carbon: carbon,
      receivedAt: received)
  }

  func json(_ inside: String, attributes: String = "") throws -> String? {
    try event("<message from='alice@example.org/phone' \(attributes)>\(inside)</message>").map { utf8($0.json) }
  }

  @Test("a plain message is told with nothing that is not there")
  func plain() throws {
    let text = try #require(
      try event(
        "<message from='Alice@example.org/phone' to='bot@example.org' type='chat' id='m1'><body>light on</body></message>"
      ))
    #expect(
      utf8(text.json)
        == #"{"seq":0,"epoch":0,"id":"m1","from":"alice@example.org/phone","to":"bot@example.org","type":"chat","#
        + #""body":"light on","time":"2026-11-22T08:00:00.000Z"}"#)
  }

  @Test("everything that a message can carry is told in the order of the contract")
  func everything() throws {
    var event = try #require(
      try event(
        """
        <message from='alice@example.org/phone' to='bot@example.org' type='chat' id='m1' xml:lang='en'>
        <body>a "b" \\ &lt;c&gt;</body><subject>s</subject><thread parent='p'>t</thread>
        <delay xmlns='urn:xmpp:delay' from='example.org' stamp='2026-11-22T07:00:00Z'/>
        <stanza-id xmlns='urn:xmpp:sid:0' by='evil@example.org' id='no'/>
        <stanza-id xmlns='urn:xmpp:sid:0' by='Bot@example.org' id='28482'/>
        <origin-id xmlns='urn:xmpp:sid:0' id='o1'/>
        <replace xmlns='urn:xmpp:message-correct:0' id='r0'/>
        <reply xmlns='urn:xmpp:reply:0' to='bot@example.org' id='q0'/>
        <reactions xmlns='urn:xmpp:reactions:0' id='x0'><reaction>👍</reaction><reaction>🐢</reaction></reactions>
        <retract xmlns='urn:xmpp:message-retract:1' id='g0'/>
        <x xmlns='jabber:x:oob'><url>https://example.org/f.png</url></x>
        <encryption xmlns='urn:xmpp:eme:0' namespace='eu.siacs.conversations.axolotl' name='OMEMO'/>
        </message>
        """, carbon: .sent))
    event.seq = 1042
    event.epoch = 3
    event.isOwn = true
    event.nick = "alice"
    #expect(
      utf8(event.json)
        == #"{"seq":1042,"epoch":3,"id":"m1","from":"alice@example.org/phone","to":"bot@example.org","type":"chat","#
        + #""body":"a \"b\" \\ <c>","time":"2026-11-22T07:00:00.000Z","delayed":true,"stanza_id":"28482","#
        + #""origin_id":"o1","thread":"t","subject":"s","replaces":"r0","reply_to":"q0","#
        + #""reactions":{"to":"x0","set":["👍","🐢"]},"retracts":"g0","url":"https://example.org/f.png","#
        + #""encrypted":"omemo","carbon":"sent","self":true,"nick":"alice"}"#)
    _ = try JSONValue(parsing: event.json)
  }

  @Test(
    "what is nobody's words maps to nothing",
    arguments: [
      "<presence from='a@b'/>", "<iq from='a@b' type='get' id='1'/>", "<message from='a@b'/>",
      "<message from='a@b' type='error'><body>x</body><error type='cancel'/></message>",
      "<message from='a@b'><body/></message>", "<message from='a@b'><subject/></message>",
      "<message from='a@b' type='chat'><composing xmlns='http://jabber.org/protocol/chatstates'/><thread>t</thread></message>",
      "<message from='a@b'><received xmlns='urn:xmpp:receipts' id='1'/></message>",
      "<message from='a@b'><displayed xmlns='urn:xmpp:chat-markers:0' id='1'/></message>",
      "<message from='a@b'><event xmlns='http://jabber.org/protocol/pubsub#event'><items node='n'/></event></message>",
      "<message from='a@b'><delay xmlns='urn:xmpp:delay' stamp='2026-11-22T07:00:00Z'/><thread>t</thread></message>",
      "<message from='a@b'><encrypted xmlns='eu.siacs.conversations.axolotl'><header sid='1'/></encrypted></message>",
      "<message from='a@b'><body xmlns='urn:other'>x</body></message>",
      "<message from='a@b'><reactions xmlns='urn:xmpp:reactions:0'><reaction>x</reaction></reactions></message>",
    ])
  func nothing(xml: String) throws {
    #expect(try event(xml) == nil)
  }

  @Test(
    "without a body the other contents still make a message",
    arguments: [
      ("<subject>s</subject>", #""subject":"s""#),
      ("<reactions xmlns='urn:xmpp:reactions:0' id='1'/>", #""reactions":{"to":"1","set":[]}"#),
      ("<retract xmlns='urn:xmpp:message-retract:1' id='1'/>", #""retracts":"1""#),
      (
        "<apply-to xmlns='urn:xmpp:fasten:0' id='2'><retract xmlns='urn:xmpp:message-retract:0'/></apply-to>",
        #""retracts":"2""#
      ),
      ("<x xmlns='jabber:x:oob'><url>u</url><desc>d</desc></x>", #""url":"u""#),
      (
        "<encrypted xmlns='eu.siacs.conversations.axolotl'><header sid='1'/><payload>x</payload></encrypted>",
        #""encrypted":"omemo""#
      ),
      ("<encrypted xmlns='urn:xmpp:omemo:2'><header/><payload>x</payload></encrypted>", #""encrypted":"omemo""#),
      ("<openpgp xmlns='urn:xmpp:openpgp:0'>x</openpgp>", #""encrypted":"openpgp""#),
      ("<x xmlns='jabber:x:encrypted'>x</x>", #""encrypted":"openpgp""#),
      ("<encryption xmlns='urn:xmpp:eme:0' namespace='urn:xmpp:otr:0'/>", #""encrypted":"otr""#),
      ("<encryption xmlns='urn:xmpp:eme:0' namespace='urn:x:y' name='Why'/>", #""encrypted":"Why""#),
      ("<encryption xmlns='urn:xmpp:eme:0' namespace='urn:x:y'/>", #""encrypted":"urn:x:y""#),
    ])
  func contents(xml: String, member: String) throws {
    let text = try #require(try json(xml))
    #expect(text.contains(member))
    #expect(!text.contains(#""body""#))
  }

  @Test("only the trusted archive's stanza-id counts")
  func stanzaIDs() throws {
    let other = try #require(
      try event("<message from='a@b'><body>x</body><stanza-id xmlns='urn:xmpp:sid:0' by='a@b' id='1'/></message>"))
    #expect(other.stanzaID == nil)
    let xml =
      "<message from='a@b'><body>x</body><stanza-id xmlns='urn:xmpp:sid:0' by='bot@example.org' id='1'/></message>"
    #expect(try event(xml)?.stanzaID == "1")
    #expect(try event(xml.replacing("bot@example.org", with: "bot@example.org/bridge"))?.stanzaID == nil)
    let untrusted = try MessageEvent(
      stanza: XMLElement(parsing: xml), account: bot, receivedAt: received)
    #expect(untrusted?.stanzaID == nil)
  }

  @Test("the earliest stamp is when it was sent; one that is no time does not count")
  func stamps() throws {
    func delay(_ stamp: String) -> String { "<delay xmlns='urn:xmpp:delay' stamp='\(stamp)'/>" }
    let two = try #require(
      try json("<body>x</body>" + delay("2026-11-22T07:30:00Z") + delay("2026-11-22T07:00:00+00:00")))
    #expect(two.contains(#""time":"2026-11-22T07:00:00.000Z","delayed":true"#))
    let none = try #require(try json("<body>x</body>" + delay("yesterday")))
    #expect(none.contains(#""time":"2026-11-22T08:00:00.000Z"}"#))
  }

  @Test("the body without a language is preferred, else the first")
  func languages() throws {
    let both = "<body xml:lang='de'>an</body><body>on</body><body xml:lang='fr'>allumé</body>"
    #expect(try event("<message from='a@b'>\(both)</message>")?.body == "on")
    let foreign = "<body xml:lang='de'>an</body><body xml:lang='fr'>allumé</body>"
    #expect(try event("<message from='a@b'>\(foreign)</message>")?.body == "an")
  }

  @Test("absent addresses are our own, absent and unknown types normal")
  func defaults() throws {
    let event = try #require(try event("<message type='strange'><body>x</body></message>"))
    #expect(event.from == bot.bare && event.to == bot && event.type == .normal && event.id == nil)
  }

  @Test("a sender that is no JID is an error, not nothing")
  func badSender() {
    #expect(throws: JIDError.self) { try event("<message from='a b@c'><body>x</body></message>") }
    #expect(throws: Never.self) { try event("<message from='a b@c'/>") }
  }

  @Test("what is published carries the marks of the contract")
  func marks() throws {
    var event = MessageEvent(from: try JID("alice@example.org/phone"), time: received)
    event.id = "m1"
    event.stanzaID = "s1"
    let properties = PublishMarks.properties(bridge: "bridge", event: event)
    #expect(properties.contentType == "application/json" && properties.payloadFormatUTF8)
    #expect(
      properties.userProperties.map { "\($0.name)=\($0.value)" } == [
        "xmpp-bridge=bridge", "xmpp-from=alice@example.org/phone", "xmpp-id=m1", "xmpp-stanza-id=s1",
      ])
    #expect(PublishMarks.properties(bridge: "b").userProperties.count == 1)
  }
}
