import TestSupport
import Testing

@testable import XMPP

@Suite struct JIDPropertyTests {
  /// Characters on which something depends: case, width, composition, direction, context, separators.
  static let interesting: [Unicode.Scalar] = [
    "abcXYZ019-_.+#%$!~ @/\"&'<>:[]\\",
    "éÉßẞσςΣіІюЮ日本ヅﾊﾞＡｂ１",
    "\u{301}\u{308}\u{307}\u{327}\u{338}İıſK\u{212B}ﬁⅣ²",
    "שלום׳״ابي٠١۰۱ـ",
    "\u{B7}\u{375}\u{30FB}\u{200C}\u{200D}\u{94D}\u{915}l",
    "\u{A0}\u{3000}\u{2003}\u{AD}\u{200B}\u{FEFF}\u{0}\u{9}\u{7F}\u{85}\u{3002}\u{FF0E}\u{FF20}",
    "♚👍\u{1100}\u{1161}가\u{E000}\u{FFFE}\u{10FFFF}\u{FFFD}",
  ].flatMap { $0.unicodeScalars }

  static func text(_ generator: inout SeededGenerator, length: Int) -> String {
    var text = ""
    for _ in 0..<length {
      if Int.random(in: 0..<3, using: &generator) == 0 {
        text.unicodeScalars.append(Self.interesting.randomElement(using: &generator) ?? "a")
      } else {
        text.unicodeScalars.append(Unicode.Scalar(UInt8.random(in: 0x61...0x7A, using: &generator)))
      }
    }
    return text
  }

  @Test("normalising twice is normalising once, and the normal form parses to itself", arguments: 0..<8)
  func idempotence(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var accepted = 0
    for _ in 0..<2500 {
      var text = Self.text(&generator, length: .random(in: 0..<6, using: &generator))
      if Bool.random(using: &generator) { text += "@" + Self.text(&generator, length: 4) }
      if Bool.random(using: &generator) { text += "/" + Self.text(&generator, length: 4) }
      guard let jid = try? JID(text) else { continue }
      accepted += 1
      let again = try JID(jid.description)
      try #require(again == jid, "\(text.debugDescription)")
      try #require(Array(again.description.utf8) == Array(jid.description.utf8))
      try #require(again.localpart == jid.localpart && again.domainpart == jid.domainpart)
      try #require(again.resourcepart == jid.resourcepart)
      let parts = try JID(localpart: jid.localpart, domainpart: jid.domainpart, resourcepart: jid.resourcepart)
      try #require(parts == jid)
      try #require(jid.isSameBare(as: jid.bare))
    }
    #expect(accepted > 300)
  }

  @Test("the fast way and the full rules agree on every text of ASCII", arguments: 0..<4)
  func fastPath(seed: UInt64) throws {
    let alphabet = Array("abz09AZ-.@/ %+#!~\"&'<>:_[]\u{1F}\u{7F}".unicodeScalars)
    var generator = SeededGenerator(seed: seed &+ 100)
    for _ in 0..<4000 {
      var text = ""
      for _ in 0..<Int.random(in: 0..<9, using: &generator) {
        text.unicodeScalars.append(alphabet.randomElement(using: &generator) ?? "a")
      }
      let slash = text.firstIndex(of: "/")
      let bare = text[..<(slash ?? text.endIndex)]
      let at = bare.firstIndex(of: "@")
      let whole = try? JID(text)
      // The parts, given separately, always take the full way.
      let parts = try? JID(
        localpart: at.map { String(bare[..<$0]) },
        domainpart: String(at.map { bare[bare.index(after: $0)...] } ?? bare),
        resourcepart: slash.map { String(text[text.index(after: $0)...]) })
      try #require(whole == parts, "\(text.debugDescription)")
    }
  }

  @Test("a code point is either refused or stable in a localpart and a resource")
  func codePoints() throws {
    var valid = 0
    for value in UInt32(0)...0x10FFFF {
      // Of the ideographs and syllables, and of the planes that hold nothing, a sample is enough.
      if (0x3400...0xD7A3).contains(value), value % 31 != 0 { continue }
      if value > 0x1_0000, value % 257 != 0 { continue }
      guard let scalar = Unicode.Scalar(value) else { continue }
      for text in ["\(scalar)@x", "x/\(scalar)"] {
        guard let jid = try? JID(text) else { continue }
        valid += 1
        try #require(try JID(jid.description) == jid, "U+\(String(value, radix: 16))")
      }
    }
    #expect(valid > 15_000)
  }

  @Test("a domain in A-labels and in U-labels is the same domain")
  func aLabels() throws {
    for label in ["bücher", "日本", "straße", "пример", "עברית", "οδός", "l·l", "क्\u{200D}ष"] {
      let encoded = try #require(try Unistring.aLabel(of: label))
      #expect(encoded.hasPrefix("xn--"))
      #expect(try JID("a@\(encoded).org") == JID("a@\(label).org"))
    }
  }
}
