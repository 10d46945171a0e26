import Mapping
import TestSupport
import Testing
import XMLStream
import XMPP

@Suite struct OutboundMessageTests {
  let alice: JID

  init() throws {
    alice = try JID("alice@example.org")
  }

  @Test("a message is one stanza with its id twice")
  func stanza() throws {
    let message = OutboundMessage(to: alice, id: "m1", body: "1 < 2 & 3\r\n")
    #expect(
      utf8(message.stanza)
        == "<message to='alice@example.org' type='chat' id='m1'><body>1 &lt; 2 &amp; 3&#13;\n</body>"
        + "<origin-id xmlns='urn:xmpp:sid:0' id='m1'/><request xmlns='urn:xmpp:receipts'/>"
        + "<markable xmlns='urn:xmpp:chat-markers:0'/></message>")
  }

  @Test("receipts are wanted for what a person reads, and a marker speaks of a message")
  func receipts() throws {
    func asks(_ message: OutboundMessage) throws -> Bool {
      MessageReceipts.isRequested(in: try XMLElement(parsing: utf8(message.stanza)))
    }
    #expect(try asks(OutboundMessage(to: alice, id: "1", type: .normal, body: "x")))
    #expect(try !asks(OutboundMessage(to: alice, id: "1", type: .headline, body: "x")))
    #expect(try !asks(OutboundMessage(to: alice, id: "1", subject: "x")))
    let marker = OutboundMessage(to: alice, id: "1", displayed: "m<1").stanza
    #expect(
      utf8(marker)
        == "<message to='alice@example.org' type='chat' id='1'><origin-id xmlns='urn:xmpp:sid:0' id='1'/>"
        + "<displayed xmlns='urn:xmpp:chat-markers:0' id='m&lt;1'/><store xmlns='urn:xmpp:hints'/></message>")
  }

  @Test("a message comes back from its stanza as it was", arguments: 0..<4)
  func roundTrip(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let special = Array("<>&'\"\t\n\r ]é日😀\u{85}\u{2028}\u{FFFD}".unicodeScalars)
    for _ in 0..<300 {
      var message = OutboundMessage(
        to: try alice.with(resource: "r'&<"), id: generator.text(special, length: 1...8),
        type: [.chat, .normal, .headline].randomElement(using: &generator) ?? .chat,
        body: generator.text(special, length: 1...20))
      if Bool.random(using: &generator) { message.subject = generator.text(special, length: 1...8) }
      if Bool.random(using: &generator) { message.thread = generator.text(special, length: 1...8) }
      let stanza = try XMLElement(parsing: utf8(message.stanza))
      let event = try #require(try MessageEvent(stanza: stanza, account: alice, receivedAt: 0))
      try #require(event.to == message.to && event.type == message.type)
      try #require(event.body == message.body && event.subject == message.subject && event.thread == message.thread)
      try #require(event.id == message.id && event.originID == message.id)
    }
  }

  @Test("an envelope's id is taken, else one is generated")
  func fromEnvelope() throws {
    let envelope = try MessageEnvelope(Array(#"{"id":"k","body":"b","subject":"s","thread":"t","type":"normal"}"#.utf8))
    let message = OutboundMessage(envelope, to: alice, generatedID: "generated")
    #expect(message == OutboundMessage(to: alice, id: "k", type: .normal, body: "b", subject: "s", thread: "t"))
    let anonymous = try MessageEnvelope(Array(#"{"body":"b"}"#.utf8))
    #expect(OutboundMessage(anonymous, to: alice, generatedID: "generated").id == "generated")
  }

  @Test("sender and language are written where they are given")
  func senderAndLanguage() throws {
    let message = OutboundMessage(
      to: alice, from: try JID("lamp@things.example.org"), id: "1", body: "x", language: "de")
    let stanza = try XMLElement(parsing: utf8(message.stanza))
    #expect(stanza.attribute("from") == "lamp@things.example.org")
    #expect(stanza.attribute("lang", namespace: XMLNamespace.xml) == "de")
  }

  @Test("a stored stanza gets a delay stamp, and nothing else changes")
  func delay() throws {
    let original = OutboundMessage(to: alice, id: "m1", body: "</message>").stanza
    let stamped = DelayedDelivery.stamped(original, from: try JID("bot@example.org"), at: 1_795_334_400_000)
    let delay = "<delay xmlns='urn:xmpp:delay' from='bot@example.org' stamp='2026-11-22T08:00:00.000Z'/>"
    #expect(utf8(stamped) == utf8(original.dropLast(10)) + delay + "</message>")
    let event = try MessageEvent(
      stanza: XMLElement(parsing: utf8(stamped)), account: alice, receivedAt: 0)
    #expect(event?.delayed == true && event?.time == 1_795_334_400_000 && event?.body == "</message>")
    for other in ["<message/>", "", "</message> ", "<presence></presence>"] {
      #expect(DelayedDelivery.stamped(Array(other.utf8), from: alice, at: 0) == Array(other.utf8))
    }
  }

  @Test(
    "a payload is text as it is, binary, or nothing",
    arguments: [
      ([], .empty), (Array("on".utf8), .text("on")), (Array("{\"a\":1}\n\t\r é😀".utf8), .text("{\"a\":1}\n\t\r é😀")),
      (Array("\u{FEFF}x".utf8), .text("\u{FEFF}x")), ([0xFF], .binary), ([0xC3], .binary),
      ([0xED, 0xA0, 0x80], .binary),
      ([0x00, 0xFF], .binary), ([0x89, 0x50, 0x4E, 0x47], .binary), ([0xC0, 0x80], .binary),
    ] as [([UInt8], PlainPayload)])
  func payloads(bytes: [UInt8], payload: PlainPayload) throws {
    #expect(try PlainPayload(bytes) == payload)
  }

  @Test(
    "text that XML cannot carry is refused by name and place",
    arguments: [
      ("a\u{0}", "\u{0}", 1), ("é\u{B}", "\u{B}", 2), ("😀\u{FFFE}", "\u{FFFE}", 4), ("\u{1B}[0m", "\u{1B}", 0),
    ] as [(String, Unicode.Scalar, Int)])
  func forbidden(text: String, scalar: Unicode.Scalar, offset: Int) {
    let error = #expect(throws: TextError.self) { try PlainPayload(Array(text.utf8)) }
    #expect(error?.scalar == scalar && error?.offset == offset && error?.field == "body")
  }

  @Test(
    "binary payloads become a data URI with the type that is declared, else found, else unknown",
    arguments: [
      ([0xFF, 0xD8, 0xFF, 0xE0], nil, "data:image/jpeg;base64,/9j/4A=="),
      ([0xFF, 0xD8, 0xFF, 0xE0], "image/x-own", "data:image/x-own;base64,/9j/4A=="),
      ([0xFF, 0xD8, 0xFF, 0xE0], "Application/CBOR; q=1", "data:application/cbor;base64,/9j/4A=="),
      ([0xFF, 0xD8, 0xFF, 0xE0], "no type", "data:image/jpeg;base64,/9j/4A=="),
      ([0xFF, 0xD8, 0xFF, 0xE0], "a/b/c", "data:image/jpeg;base64,/9j/4A=="),
      ([0xFF], nil, "data:application/octet-stream;base64,/w=="),
      ([0xFF, 0x00], nil, "data:application/octet-stream;base64,/wA="),
      ([0xFF, 0x00, 0x01], "", "data:application/octet-stream;base64,/wAB"),
    ] as [([UInt8], String?, String)])
  func base64(bytes: [UInt8], contentType: String?, body: String) {
    #expect(BinaryPolicy.base64.outcome(for: bytes, contentType: contentType) == .body(body))
  }

  @Test(
    "files are known by their first bytes",
    arguments: [
      ("image/png", "89504E470D0A1A0A00"), ("image/gif", "474946383961FF"), ("image/webp", "52494646FF00000057454250"),
      ("audio/wav", "52494646FF00000057415645"), ("application/pdf", "255044462D312EFF"),
      ("application/zip", "504B0304FF"),
      ("application/gzip", "1F8B08FF"), ("audio/mpeg", "494433FF"), ("audio/mpeg", "FFFB9064"),
      ("audio/ogg", "4F676753FF"),
      ("audio/flac", "664C6143FF"), ("video/mp4", "000000206674797069736F6DFF"),
      ("audio/mp4", "00000020667479704D344120FF"),
      ("image/avif", "00000020667479706176696600FF"), ("image/heic", "00000020667479706865696300FF"),
      ("video/webm", "1A45DFA3FF"), ("application/octet-stream", "FF00"), ("application/octet-stream", "52494646FF"),
      ("application/octet-stream", "FFF15080"),
    ])
  func sniffing(type: String, hex: String) {
    let digits = Array(hex)
    let bytes = stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0...($0 + 1)]), radix: 16) }
    #expect(BinaryPolicy.upload.outcome(for: bytes, contentType: nil) == .upload(mediaType: type))
    #expect(BinaryPolicy.drop.outcome(for: bytes, contentType: nil) == .dropped)
  }
}
