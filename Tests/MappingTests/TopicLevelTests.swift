import Mapping
import TestSupport
import Testing
import XMPP

@Suite struct TopicLevelTests {
  @Test(
    "a JID is one level, and the level is that JID",
    arguments: [
      ("alice@example.org", "alice@example.org"),
      ("Alice@Example.org", "alice@example.org"),
      ("example.org", "example.org"),
      ("alice@example.org/Büro 1/2", "alice@example.org%2FBüro 1%2F2"),
      ("#room+1@conference.example.org", "%23room%2B1@conference.example.org"),
      ("100%@example.org", "100%25@example.org"),
      ("$sys@example.org", "%24sys@example.org"),
      ("a$b@example.org", "a$b@example.org"),
      ("x/$y", "x%2F$y"),
      ("[::1]/x", "[::1]%2Fx"),
      ("日本@example.org", "日本@example.org"),
    ])
  func knownForms(jid: String, level: String) throws {
    #expect(TopicLevel.encode(try JID(jid)) == level)
    #expect(try TopicLevel.decodeJID(level) == JID(jid))
  }

  @Test(
    "a level that is not exactly the encoding is refused, and the right one is named",
    arguments: [
      ("Alice@Example.org", .notNormal, "alice@example.org"),
      ("ALICE@example.org%2fphone", .notNormal, "alice@example.org%2Fphone"),
      ("alice@example.org%2fphone", .notNormal, "alice@example.org%2Fphone"),
      ("%61lice@example.org", .notNormal, "alice@example.org"),
      ("alice%40example.org", .notNormal, "alice@example.org"),
      ("e\u{301}@example.org", .notNormal, "é@example.org"),
      ("alice@xn--bcher-kva.example", .notNormal, "alice@bücher.example"),
      ("alice@example.org.", .notNormal, "alice@example.org"),
      ("$sys@example.org", .notNormal, "%24sys@example.org"),
      ("a@x/y", .notNormal, "a@x%2Fy"),
      ("100%@example.org", .malformedEscape, "100%25@example.org"),
      ("100%2@example.org", .malformedEscape, "100%252@example.org"),
      ("a%", .malformedEscape, nil),
      ("a%FF@example.org", .malformedEscape, nil),
      ("", .empty, nil),
      ("a@", nil, nil),
      ("a b@example.org", nil, nil),
      ("a@example.org%2F", nil, nil),
      ("a%00@example.org", nil, nil),
    ] as [(String, AddressError.Reason?, String?)])
  func refused(level: String, reason: AddressError.Reason?, right: String?) {
    let error = #expect(throws: AddressError.self) { try TopicLevel.decodeJID(level) }
    if let reason { #expect(error?.reason == reason) }
    #expect(error?.rightForm.map { Array($0.utf8) } == right.map { Array($0.utf8) })
    #expect(error?.text == level)
  }

  @Test("the event about a wrong level reads well")
  func sentences() {
    func sentence(_ level: String) -> String? {
      do {
        _ = try TopicLevel.decodeJID(level)
        return nil
      } catch { return error.description }
    }
    #expect(
      sentence("Alice@Example.org") == "“Alice@Example.org” is not the normal form; right would be “alice@example.org”")
    #expect(sentence("a b@x") == "“a b@x” is no JID: the localpart must not contain U+0020 SPACE")
    #expect(sentence("5%@x") == "“5%@x” has a % that is no part of a %XX; right would be “5%25@x”")
    #expect(sentence("") == "a level of the topic is empty")
  }

  static let special = Array("%/+#$@ AZé\u{0}\u{1}\u{1F}\u{7F}\u{80}\u{9F}\u{A0}ÀÂ日👍2F25:_.".unicodeScalars)

  @Test("any text is one level and back, without normalisation", arguments: 0..<4)
  func rawRoundTrip(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<3000 {
      let text = generator.text(Self.special, length: 1...12)
      let level = TopicLevel.encode(text)
      try #require(!level.utf8.contains { "/+#".utf8.contains($0) || $0 < 0x20 || $0 == 0x7F })
      try #require(!level.unicodeScalars.contains { (0x80...0x9F).contains($0.value) })
      try #require(level.utf8.first != UInt8(ascii: "$"))
      try #require(Array(TopicLevel.decode(level).utf8) == Array(text.utf8))
    }
  }

  @Test("a text that can be decoded is exactly the encoding of what comes out", arguments: 0..<4)
  func rawInjective(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed &+ 50)
    let special = Array("%%%%%25F2fabcdefA0$é\u{1}".unicodeScalars)
    var accepted = 0
    for _ in 0..<5000 {
      let level = generator.text(special, length: 1...8)
      do {
        let text = try TopicLevel.decode(level)
        accepted += 1
        try #require(Array(TopicLevel.encode(text).utf8) == Array(level.utf8))
      } catch let error as AddressError {
        // The right form, where one is named, is accepted.
        if let right = error.rightForm { _ = try TopicLevel.decode(right) }
      }
    }
    #expect(accepted > 100)
  }

  @Test("the code is a bijection on JIDs", arguments: 0..<4)
  func jids(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed &+ 200)
    var levels: [String: JID] = [:]
    var accepted = 0
    for _ in 0..<4000 {
      var text = generator.text(Self.special, length: 1...5) + "@example.org"
      if Bool.random(using: &generator) { text += "/" + generator.text(Self.special, length: 1...5) }
      guard let jid = try? JID(text) else { continue }
      accepted += 1
      let level = TopicLevel.encode(jid)
      try #require(try TopicLevel.decodeJID(level) == jid)
      try #require(levels.updateValue(jid, forKey: level).map { $0 == jid } ?? true)
      // The unencoded text is refused unless it happens to be its own encoding.
      let raw = try? TopicLevel.decodeJID(text)
      try #require(raw == nil || text == level)
    }
    #expect(accepted > 200)
  }

  @Test("a right form that an error names is accepted, and means what was meant", arguments: 0..<4)
  func rightForms(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed &+ 300)
    var named = 0
    for _ in 0..<4000 {
      let level = generator.text(Self.special, length: 1...6) + "@Example.org"
      do {
        _ = try TopicLevel.decodeJID(level)
        Issue.record("\(level) is not normal")
      } catch {
        guard let right = error.rightForm else { continue }
        named += 1
        let jid = try TopicLevel.decodeJID(right)
        try #require(TopicLevel.encode(jid) == right)
      }
    }
    #expect(named > 100)
  }

  @Test("a device's level is its localpart")
  func nodes() throws {
    let domain = try JID("things.example.org")
    #expect(try TopicLevel.decodeNode("lamp", domain: domain) == JID("lamp@things.example.org"))
    #expect(try TopicLevel.decodeNode("a%25b", domain: domain) == JID("a%b@things.example.org"))
    for (level, reason, right) in [
      ("Lamp", .notNormal, "lamp"), ("a%40b", .notALocalpart, nil), ("state", .reserved, nil), ("", .empty, nil),
    ] as [(String, AddressError.Reason, String?)] {
      let error = #expect(throws: AddressError.self) { try TopicLevel.decodeNode(level, domain: domain) }
      #expect(error?.reason == reason && error?.rightForm == right)
    }
  }
}
