import Testing

@testable import XMPP

@Suite struct JIDTests {
  @Test(
    "is normalised as RFC 7622 says",
    arguments: [
      // Plain ones are their own normal form.
      ("alice@example.org", "alice@example.org"),
      ("example.org", "example.org"),
      ("example.org/Büro", "example.org/Büro"),
      ("alice@example.org/phone", "alice@example.org/phone"),
      ("alice@example.org/a/b@c", "alice@example.org/a/b@c"),
      ("a.example.org/b@example.net", "a.example.org/b@example.net"),
      ("localhost", "localhost"),
      ("a-b@c-d.example", "a-b@c-d.example"),
      ("#room+1%x!$*=?^_`{|}~@conference.example.org", "#room+1%x!$*=?^_`{|}~@conference.example.org"),
      ("one\\20two@example.org", "one\\20two@example.org"),
      // Case: localpart and domain lose it, the resource does not.
      ("Alice@Example.ORG/Phone", "alice@example.org/Phone"),
      ("ÉMILE@example.org", "émile@example.org"),
      ("Σ@example.org", "σ@example.org"),
      ("ΟΔΥΣΣΕΥΣ@example.org", "οδυσσευσ@example.org"),
      ("ς@example.org", "ς@example.org"),
      ("straße@example.org", "straße@example.org"),
      ("\u{1E9E}@example.org", "ß@example.org"),
      ("İ@example.org", "i\u{307}@example.org"),
      ("Б@example.org", "б@example.org"),
      // Width.
      ("ＡＬＩＣＥ@example.org", "alice@example.org"),
      ("ﾊﾞ@example.org", "バ@example.org"),
      ("alice@ｅｘａｍｐｌｅ．org", "alice@example.org"),
      // Normal form C.
      ("e\u{301}@example.org", "é@example.org"),
      ("E\u{301}@example.org", "é@example.org"),
      ("a@example.org/e\u{301}", "a@example.org/é"),
      ("a@bu\u{308}cher.example", "a@bücher.example"),
      // Domains: U-labels, dots.
      ("alice@example.org.", "alice@example.org"),
      ("example.org./x", "example.org/x"),
      ("alice@xn--bcher-kva.example", "alice@bücher.example"),
      ("alice@XN--BCHER-KVA.Example", "alice@bücher.example"),
      ("alice@BÜCHER.example", "alice@bücher.example"),
      ("alice@straße.example", "alice@straße.example"),
      ("日本。example", "日本.example"),
      ("עברית.example", "עברית.example"),
      ("127.0.0.1", "127.0.0.1"),
      ("[::1]", "[::1]"),
      ("alice@[2001:DB8::1]/x", "alice@[2001:db8::1]/x"),
      ("[::ffff:192.0.2.1]", "[::ffff:192.0.2.1]"),
      // Resources are opaque: any space becomes U+0020, symbols stay.
      ("a@example.org/one two", "a@example.org/one two"),
      ("a@example.org/ ", "a@example.org/ "),
      ("a@example.org/one\u{A0}two\u{3000}three", "a@example.org/one two three"),
      ("king@example.org/♚", "king@example.org/♚"),
      ("a@example.org/Ⅳ", "a@example.org/Ⅳ"),
      ("a@example.org/👍🏽", "a@example.org/👍🏽"),
      ("a@example.org/\"&'<>@:/", "a@example.org/\"&'<>@:/"),
      // Contextual characters where they may stand.
      ("l·l@example.org", "l·l@example.org"),
      ("שלום׳@example.org", "שלום׳@example.org"),
      ("日・本@example.org", "日・本@example.org"),
      ("क्\u{200D}ष@example.org", "क्\u{200D}ष@example.org"),
      ("نامه\u{200C}ای@example.org", "نامه\u{200C}ای@example.org"),
      ("a٠@example.org/٠١", nil),
      ("a@example.org/٠١", "a@example.org/٠١"),
      ("שלום@example.org", "שלום@example.org"),
      ("a@example.org/שa", "a@example.org/שa"),
    ] as [(String, String?)])
  func normalises(text: String, normal: String?) throws {
    guard let normal else {
      #expect(throws: JIDError.self) { try JID(text) }
      return
    }
    let jid = try JID(text)
    #expect(Array(jid.description.utf8) == Array(normal.utf8))
    #expect(try JID(jid.description) == jid)
  }

  @Test(
    "is refused, and the part and the reason are named",
    arguments: [
      ("", .domainpart, .empty),
      ("@", .localpart, .empty),
      ("/", .domainpart, .empty),
      ("@/", .localpart, .empty),
      ("alice@", .domainpart, .empty),
      ("@example.org", .localpart, .empty),
      ("@example.org/x", .localpart, .empty),
      ("alice@/x", .domainpart, .empty),
      ("/x", .domainpart, .empty),
      ("alice@example.org/", .resourcepart, .empty),
      ("example.org/", .resourcepart, .empty),
      ("alice@@example.org", .domainpart, .forbidden("@")),
      ("a@b@example.org", .domainpart, .forbidden("@")),
      ("\"alice\"@example.org", .localpart, .forbidden("\"")),
      ("a&b@example.org", .localpart, .forbidden("&")),
      ("a'b@example.org", .localpart, .forbidden("'")),
      ("a:b@example.org", .localpart, .forbidden(":")),
      ("a<b@example.org", .localpart, .forbidden("<")),
      ("a>b@example.org", .localpart, .forbidden(">")),
      ("a b@example.org", .localpart, .forbidden(" ")),
      ("a\u{0}@example.org", .localpart, .forbidden("\u{0}")),
      ("a\u{7F}@example.org", .localpart, .forbidden("\u{7F}")),
      ("a\u{A0}b@example.org", .localpart, .forbidden("\u{A0}")),
      ("a\u{3000}b@example.org", .localpart, .forbidden(" ")),
      ("＠@example.org", .localpart, .forbidden("@")),
      ("henryⅣ@example.org", .localpart, .forbidden("Ⅳ")),
      ("♚@example.org", .localpart, .forbidden("♚")),
      ("👍@example.org", .localpart, .forbidden("👍")),
      ("ﬁ@example.org", .localpart, .forbidden("ﬁ")),
      ("\u{212A}@example.org", .localpart, .forbidden("\u{212A}")),
      ("a\u{AD}b@example.org", .localpart, .forbidden("\u{AD}")),
      ("a\u{200B}b@example.org", .localpart, .forbidden("\u{200B}")),
      ("a\u{E000}@example.org", .localpart, .forbidden("\u{E000}")),
      ("a\u{FFFE}@example.org", .localpart, .forbidden("\u{FFFE}")),
      ("a\u{378}@example.org", .localpart, .forbidden("\u{378}")),
      ("ـ@example.org", .localpart, .forbidden("\u{640}")),
      ("\u{1100}\u{1161}@example.org", .localpart, .forbidden("\u{1100}")),
      ("\u{200D}@example.org", .localpart, .outOfContext("\u{200D}")),
      ("a\u{200C}b@example.org", .localpart, .outOfContext("\u{200C}")),
      ("a·a@example.org", .localpart, .outOfContext("·")),
      ("α͵@example.org", .localpart, .outOfContext("\u{375}")),
      ("a״@example.org", .localpart, .outOfContext("״")),
      ("a・b@example.org", .localpart, .outOfContext("・")),
      ("٠۰@example.org", .localpart, .outOfContext("٠")),
      ("שa@example.org", .localpart, .mixedDirections),
      ("aש@example.org", .localpart, .mixedDirections),
      ("1ש@example.org", .localpart, .mixedDirections),
      ("ש٠1@example.org", .localpart, .mixedDirections),
      ("ש!@example.org", .localpart, .mixedDirections),
      ("alice@example..org", .domainpart, .empty),
      ("alice@.example.org", .domainpart, .empty),
      ("alice@example.org..", .domainpart, .empty),
      ("alice@.", .domainpart, .empty),
      ("alice@exa mple.org", .domainpart, .forbidden(" ")),
      ("alice@exa_mple.org", .domainpart, .forbidden("_")),
      ("alice@-example.org", .domainpart, .invalidLabel("-example")),
      ("alice@example-.org", .domainpart, .invalidLabel("example-")),
      ("alice@ab--cd.org", .domainpart, .invalidLabel("ab--cd")),
      ("alice@xn--a.org", .domainpart, .invalidLabel("xn--a")),
      ("alice@xn--.org", .domainpart, .invalidLabel("xn--")),
      ("alice@xn--n3h.org", .domainpart, .invalidLabel("xn--n3h")),
      ("alice@☃.org", .domainpart, .invalidLabel("☃")),
      ("alice@\u{301}a.org", .domainpart, .invalidLabel("\u{301}a")),
      ("alice@אa.org", .domainpart, .invalidLabel("אa")),
      ("alice@1and1.א.org", .domainpart, .mixedDirections),
      ("alice@[::1", .domainpart, .invalidIPv6),
      ("alice@[]", .domainpart, .invalidIPv6),
      ("alice@[1.2.3.4]", .domainpart, .invalidIPv6),
      ("alice@[::1%eth0]", .domainpart, .invalidIPv6),
      ("alice@[1:2:3:4:5:6:7]", .domainpart, .invalidIPv6),
      ("alice@[1::2::3]", .domainpart, .invalidIPv6),
      ("alice@[::1]x", .domainpart, .invalidIPv6),
      ("a@example.org/\t", .resourcepart, .forbidden("\t")),
      ("a@example.org/a\u{0}", .resourcepart, .forbidden("\u{0}")),
      ("a@example.org/\u{85}", .resourcepart, .forbidden("\u{85}")),
      ("a@example.org/a\u{200B}", .resourcepart, .forbidden("\u{200B}")),
      ("a@example.org/a\u{200D}", .resourcepart, .outOfContext("\u{200D}")),
      ("a@example.org/\u{FEFF}", .resourcepart, .forbidden("\u{FEFF}")),
      ("a@example.org/\u{2028}", .resourcepart, .forbidden("\u{2028}")),
    ] as [(String, JIDError.Part, JIDError.Reason)])
  func refuses(text: String, part: JIDError.Part, reason: JIDError.Reason) {
    #expect(throws: JIDError(part, reason)) { try JID(text) }
  }

  @Test(
    "takes IPv6 addresses of every form",
    arguments: [
      ("::", true), ("::1", true), ("1::", true), ("1:2:3:4:5:6:7:8", true), ("1:2:3:4:5:6:7::", true),
      ("::2:3:4:5:6:7:8", true), ("1:2:3:4:5:6:1.2.3.4", true), ("::1.2.3.4", true), ("fe80::abcd:EF01", true),
      (":", false), (":::", false), ("1", false), ("1:2", false), ("1:2:3:4:5:6:7:8:9", false), ("12345::", false),
      ("1::2::3", false), (":1::2", false), ("1::2:", false), ("::1.2.3", false), ("::1.2.3.256", false),
      ("::01.2.3.4", false), ("1.2.3.4::", false), ("1:2:3:4:5:6:7:1.2.3.4", false), ("g::", false), ("", false),
      ("1:2:3:4::5:6:7:8", false), ("1:2:3:4:5:6:7:8::", false), ("::+1.2.3.4", false),
    ])
  func ipv6(text: String, valid: Bool) {
    #expect(DomainName.isIPv6(Array(text.utf8)[...]) == valid)
  }

  @Test("parts come out as they went in")
  func parts() throws {
    let jid = try JID("alice@example.org/phone/2")
    #expect(jid.localpart == "alice")
    #expect(jid.domainpart == "example.org")
    #expect(jid.resourcepart == "phone/2")
    #expect(!jid.isBare)
    #expect(jid.bare.description == "alice@example.org")
    #expect(jid.bare.isBare)
    #expect(jid.bare.bare == jid.bare)
    #expect(jid.domain == (try JID("example.org")))
    #expect(try jid.with(resource: "ｘ") == JID("alice@example.org/ｘ"))
    #expect(try jid.bare.with(resource: "y").description == "alice@example.org/y")
    #expect(jid.isSameBare(as: try JID("ALICE@example.org/laptop")))
    #expect(!jid.isSameBare(as: try JID("bob@example.org/phone")))
    #expect(try JID(localpart: "Alice", domainpart: "Example.org", resourcepart: "phone/2") == jid)
    let server = try JID("example.org")
    #expect(server.localpart == nil && server.resourcepart == nil && server.isBare && server.bare == server)
    #expect(server.domainpart == "example.org")
  }

  @Test("a separator inside a part given separately is refused")
  func separatorsInParts() {
    #expect(throws: JIDError(.localpart, .forbidden("@"))) { try JID(localpart: "a@b", domainpart: "c") }
    #expect(throws: JIDError(.localpart, .forbidden("/"))) { try JID(localpart: "a/b", domainpart: "c") }
    #expect(throws: JIDError(.domainpart, .forbidden("/"))) { try JID(localpart: "a", domainpart: "b/c") }
    #expect(throws: JIDError(.localpart, .empty)) { try JID(localpart: "", domainpart: "c") }
    #expect(throws: JIDError(.resourcepart, .empty)) { try JID(localpart: nil, domainpart: "c", resourcepart: "") }
  }

  @Test("equality and hash are of bytes")
  func equality() throws {
    let composed = try JID("é@example.org")
    let decomposed = try JID("e\u{301}@example.org")
    #expect(composed == decomposed)
    #expect(composed.hashValue == decomposed.hashValue)
    #expect(try Set([JID("A@b"), JID("a@B"), JID("a@b/A"), JID("a@b/a")]).count == 3)
    #expect(try JID("a@b/c") != JID("a@b/d"))
    #expect(try JID("a") != JID("a/b"))
  }

  @Test("each part may have 1023 bytes and no more")
  func limits() throws {
    let domain = Array(repeating: "abcdefghijklmnopqrstuvwxyz01234", count: 40).joined(separator: ".").prefix(1023)
    #expect(domain.utf8.count == 1023)
    for part in [
      String(repeating: "a", count: 1023), String(repeating: "é", count: 511), String(repeating: "Ａ", count: 1023),
    ] {
      #expect(try JID("\(part)@\(domain)/x").localpart?.utf8.count ?? 0 <= 1023)
    }
    let full = try JID(String(repeating: "a", count: 1023) + "@" + domain + "/" + String(repeating: "z", count: 1023))
    #expect(full.description.utf8.count == 3071)
    #expect(full.resourcepart?.utf8.count == 1023)
    #expect(full.domainpart == String(domain))
    #expect(throws: JIDError(.localpart, .tooLong(limit: 1023))) {
      try JID(String(repeating: "a", count: 1024) + "@b")
    }
    #expect(throws: JIDError(.localpart, .tooLong(limit: 1023))) {
      try JID(String(repeating: "é", count: 512) + "@b")
    }
    #expect(throws: JIDError(.domainpart, .tooLong(limit: 1023))) { try JID("a@" + domain + "4") }
    #expect(throws: JIDError(.domainpart, .tooLong(limit: 63))) { try JID(String(repeating: "a", count: 64) + ".org") }
    #expect(throws: JIDError(.domainpart, .tooLong(limit: 63))) { try JID(String(repeating: "ü", count: 60) + ".org") }
    #expect(throws: JIDError(.resourcepart, .tooLong(limit: 1023))) {
      try JID("b/" + String(repeating: "a", count: 1024))
    }
    #expect(throws: JIDError.self) { try JID(String(repeating: "a\u{301}", count: 1_000_000) + "@b") }
  }

  @Test(
    "contextual characters stand only where RFC 5892 lets them",
    arguments: [
      // Non-joiner: behind a virama, or where letters would join.
      ("\u{94D}\u{200C}", true), ("a\u{200C}", false), ("\u{200C}a", false),
      ("\u{628}\u{200C}\u{627}", true), ("\u{628}\u{64B}\u{64C}\u{200C}\u{64B}\u{627}", true),
      ("\u{A872}\u{200C}\u{628}", true), ("\u{627}\u{200C}\u{628}", false), ("\u{628}\u{200C}", false),
      ("\u{200C}\u{627}", false), ("\u{64B}\u{200C}\u{627}", false), ("\u{628}\u{200C}a", false),
      ("\u{94D}\u{64B}\u{200C}", false),
      // Joiner: behind a virama.
      ("\u{915}\u{94D}\u{200D}", true), ("\u{628}\u{200D}\u{627}", false), ("\u{200D}", false),
      // Middle dot: between two l.
      ("l·l", true), ("l·", false), ("·l", false), ("L·L", false), ("l·l·l", true),
      // Greek keraia, Hebrew geresh and gershayim, Katakana middle dot.
      ("͵α", true), ("α͵", false), ("͵a", false), ("͵͵α", true),
      ("ש׳", true), ("ש״", true), ("׳ש", false), ("a״", false),
      ("・", false), ("a・b", false), ("・ぁ", true), ("カ・a", true), ("字・", true),
      // Arabic digits of one kind.
      ("٠١", true), ("۰۱", true), ("٠۰", false), ("a۰b٠", false),
    ])
  func context(text: String, valid: Bool) {
    #expect(((try? JID("x/" + text)) != nil) == valid)
  }

  @Test("errors are sentences")
  func sentences() {
    func sentence(_ text: String) -> String {
      do { return try JID(text).description } catch { return error.description }
    }
    #expect(sentence("a b@example.org") == "the localpart must not contain U+0020 SPACE")
    #expect(sentence("a\u{7}@example.org") == "the localpart must not contain U+0007")
    #expect(sentence("@example.org") == "there is nothing before the @")
    #expect(sentence("a@example.org/") == "there is nothing behind the /")
    #expect(sentence("a@") == "the domain, or a label of it, is missing")
    #expect(sentence("a@-b") == "“-b” is not a valid label of a domain")
    #expect(sentence("a·@b") == "the localpart has U+00B7 MIDDLE DOT in a place where it is not allowed")
  }
}
