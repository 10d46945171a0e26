import Testing

@testable import XMPP

@Suite("SASLprep")
struct SASLprepTests {
  private func prepare(_ text: String) throws -> String {
    String(decoding: try SASLprep.prepare(Array(text.utf8), as: "password"), as: UTF8.self)
  }

  @Test(
    "prepares as RFC 4013 §3 says, and as Python's stringprep module does",
    arguments: [
      ("I\u{AD}X", "IX"), ("user", "user"), ("USER", "USER"), ("\u{AA}", "a"), ("\u{2168}", "IX"),
      ("a\u{A0}b\u{3000}c\u{200B}d", "a b c d"), ("e\u{301}", "é"), ("\u{FB01}n", "fin"), ("\u{1F600}", "\u{1F600}"),
      ("p\u{200C}q\u{FEFF}r\u{2060}s\u{FE0F}", "pqrs"), ("\u{627}\u{628}", "\u{627}\u{628}"),
      ("\u{5D0}1\u{5D1}", "\u{5D0}1\u{5D1}"), ("пароль", "пароль"), (" !\"=,~", " !\"=,~"), ("\u{212B}", "Å"),
    ])
  func prepares(text: String, prepared: String) throws {
    let result = try prepare(text)
    #expect(Array(result.utf8) == Array(prepared.utf8))
    #expect(try prepare(result) == result)
  }

  @Test(
    "refuses what RFC 4013 §2.3 prohibits, and names it",
    arguments: [
      0x0, 0x7, 0x7F, 0x85, 0x180E, 0x2028, 0x200E, 0x202E, 0x2FF0, 0xE000, 0xFDD0, 0xFFFD, 0xFFFE, 0x1D173, 0x1FFFE,
      0xE0001, 0x10FFFD,
    ] as [UInt32])
  func prohibits(code: UInt32) throws {
    let scalar = try #require(Unicode.Scalar(code))
    let error = #expect(throws: SASLError.self) { try prepare("a\(scalar)b") }
    let name = String(code, radix: 16, uppercase: true)
    let padded = String(repeating: "0", count: max(0, 4 - name.count)) + name
    #expect(error?.description == "the password holds U+\(padded), which SASLprep (RFC 4013) prohibits")
  }

  @Test("refuses mixed directions (RFC 3454 §6)", arguments: ["\u{627}1", "1\u{627}", "\u{627}a\u{627}", "\u{5D0}b"])
  func prohibitsMixedDirections(text: String) {
    let error = #expect(throws: SASLError.self) { try prepare(text) }
    #expect(error?.description.contains("mixes directions") == true)
  }

  @Test("refuses nothing, what becomes nothing, and what is no text")
  func refusesNothing() {
    #expect(throws: SASLError.unusableCredentials("the password is empty")) { try prepare("") }
    #expect(throws: SASLError.unusableCredentials("the password is empty")) { try prepare("\u{AD}\u{200D}") }
    for bytes in [[0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80]] as [[UInt8]] {
      #expect(throws: SASLError.unusableCredentials("the username is not UTF-8")) {
        try SASLprep.prepare(bytes, as: "username")
      }
    }
  }

  @Test("a login with an unusable name or password says which")
  func reportsCredentials() {
    let badPassword = SASLCredentials(username: "user", password: [0xFF])
    let badName = SASLCredentials(username: "", password: [0x70])
    for offered in ["PLAIN", "SCRAM-SHA-1"] {
      #expect(throws: SASLError.unusableCredentials("the password is not UTF-8")) {
        try SASLClient(badPassword, offered: [offered])
      }
      #expect(throws: SASLError.unusableCredentials("the username is empty")) {
        try SASLClient(badName, offered: [offered])
      }
    }
  }
}
