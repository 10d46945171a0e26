import Mapping
import TestSupport
import Testing

@Suite struct JSONTests {
  func parse(_ text: String) throws -> JSONValue {
    try JSONValue(parsing: Array(text.utf8))
  }

  @Test(
    "every kind of value is read",
    arguments: [
      ("null", .null), ("true", .bool(true)), (" false ", .bool(false)), ("0", .number("0")), ("-0", .number("-0")),
      ("-12.5e+3", .number("-12.5e+3")), ("1E400", .number("1E400")), ("\"\"", .string("")),
      ("\"a\\\"\\\\\\/\\b\\f\\n\\r\\tz\"", .string("a\"\\/\u{8}\u{C}\n\r\tz")),
      ("\"\\u0041\\u00e9\\u20AC\"", .string("Aé€")), ("\"\\ud83d\\uDE00\"", .string("😀")), ("\"日本😀\"", .string("日本😀")),
      ("\"\\u0000\"", .string("\u{0}")), ("\"\u{7F}\u{2028}\"", .string("\u{7F}\u{2028}")),
      ("[]", .array([])), ("[ 1 , [] ]", .array([.number("1"), .array([])])), ("{}", .object([])),
      (
        "{\"b\":1,\"a\":{\"\":null}}",
        .object([.init("b", .number("1")), .init("a", .object([.init("", .null)]))])
      ),
      ("\r\n\t {\"a\" : [ ] }\n", .object([.init("a", .array([]))])),
    ] as [(String, JSONValue)])
  func values(text: String, value: JSONValue) throws {
    #expect(try parse(text) == value)
  }

  @Test(
    "a fault is named with its place",
    arguments: [
      ("", .unexpectedEnd, 0), ("  ", .unexpectedEnd, 2), ("nul", .expected("a value"), 0),
      ("True", .expected("a value"), 0), ("nulll", .trailingText, 4), ("1 2", .trailingText, 2),
      ("{", .unexpectedEnd, 1), ("{\"a\"", .unexpectedEnd, 4), ("{\"a\":", .unexpectedEnd, 5),
      ("{\"a\":1", .unexpectedEnd, 6), ("{\"a\":1,", .unexpectedEnd, 7), ("[1", .unexpectedEnd, 2),
      ("{a:1}", .expected("a name in quotation marks"), 1), ("{\"a\":1,}", .expected("a name in quotation marks"), 7),
      ("{\"a\" 1}", .expected("a :"), 5), ("{\"a\":1 \"b\":2}", .expected("a , or a }"), 7),
      ("[1 2]", .expected("a , or a ]"), 3), ("[1,]", .expected("a value"), 3), ("[,1]", .expected("a value"), 1),
      ("'a'", .expected("a value"), 0), ("// x", .expected("a value"), 0), ("NaN", .expected("a value"), 0),
      ("+1", .expected("a value"), 0), (".5", .expected("a value"), 0), ("01", .badNumber, 1), ("-", .unexpectedEnd, 1),
      ("-a", .badNumber, 1), ("1.", .unexpectedEnd, 2), ("1.e1", .badNumber, 2), ("1e", .unexpectedEnd, 2),
      ("1e+", .unexpectedEnd, 3), ("1.2.3", .badNumber, 3), ("0x1", .trailingText, 1),
      ("\"a", .unexpectedEnd, 2), ("\"a\\", .unexpectedEnd, 3), ("\"\\x\"", .badEscape, 1),
      ("\"\\u12\"", .badEscape, 1),
      ("\"\\u12", .unexpectedEnd, 5), ("\"a\nb\"", .controlCharacter, 2), ("\"\\n\tb\"", .controlCharacter, 3),
      ("\"\\ud800\"", .loneSurrogate, 1), ("\"a\\udc00\"", .loneSurrogate, 2),
      ("\"\\ud800\\u0041\"", .loneSurrogate, 1),
      ("{\"a\":1,\"b\":2,\"a\":3}", .duplicateName("a"), 13), ("\u{FEFF}1", .expected("a value"), 0),
    ] as [(String, JSONError.Problem, Int)])
  func faults(text: String, problem: JSONError.Problem, offset: Int) {
    let error = #expect(throws: JSONError.self) { try parse(text) }
    #expect(error?.problem == problem)
    #expect(error?.offset == offset)
  }

  @Test("bytes that are no UTF-8 are refused where they stand")
  func notUTF8() {
    for (bytes, offset) in [
      ([0x22, 0x61, 0xFF, 0x22], 2), ([0x22, 0xC3, 0x22], 1), ([0x22, 0xED, 0xA0, 0x80, 0x22], 1),
    ]
      as [([UInt8], Int)]
    {
      let error = #expect(throws: JSONError.self) { try JSONValue(parsing: bytes) }
      #expect(error?.problem == .notUTF8 && error?.offset == offset)
    }
  }

  @Test("depth and size are limited")
  func limits() throws {
    let nested = Array((String(repeating: "[", count: 33) + String(repeating: "]", count: 33)).utf8)
    let error = #expect(throws: JSONError.self) { try JSONValue(parsing: nested) }
    #expect(error?.problem == .tooDeep(limit: 32) && error?.offset == 32)
    _ = try JSONValue(parsing: nested, depth: 33)
    let bomb = Array(String(repeating: "{\"a\":[", count: 500_000).utf8)
    #expect(throws: JSONError.self) { try JSONValue(parsing: bomb) }
    #expect(throws: JSONError.self) { try JSONValue(parsing: Array("\"abcdef\"".utf8), limit: 7) }
    _ = try JSONValue(parsing: Array("\"abcdef\"".utf8), limit: 8)
  }

  @Test("many names in one object are compared in linear time")
  func manyNames() throws {
    let members = (0..<20_000).map { "\"n\($0)\":\($0)" }
    let value = try parse("{" + members.joined(separator: ",") + "}")
    #expect(value["n19999"]?.integer == 19_999)
    #expect(throws: JSONError.self) { try parse("{" + (members + ["\"n7\":1"]).joined(separator: ",") + "}") }
  }

  @Test("what is looked up is found as what it is")
  func lookUp() throws {
    let value = try parse("{\"s\":\"x\",\"i\":-7,\"d\":1.5,\"big\":9223372036854775808,\"o\":{\"k\":true}}")
    #expect(value["s"]?.string == "x" && value["s"]?.integer == nil)
    #expect(value["i"]?.integer == -7 && value["i"]?.double == -7)
    #expect(value["d"]?.double == 1.5 && value["d"]?.integer == nil)
    #expect(value["big"]?.integer == nil && value["big"]?.double == 9_223_372_036_854_775_808)
    #expect(value["o"]?["k"] == .bool(true) && value["o"]?["x"] == nil && value["s"]?["x"] == nil)
  }

  @Test(
    "strings are escaped as little as possible",
    arguments: [
      ("plain", "\"plain\""), ("", "\"\""), ("a\"b\\c", "\"a\\\"b\\\\c\""), ("/", "\"/\""),
      ("\n\r\t\u{8}\u{C}", "\"\\n\\r\\t\\b\\f\""), ("\u{0}\u{1}\u{B}\u{1F}", "\"\\u0000\\u0001\\u000b\\u001f\""),
      ("é日😀\u{7F}\u{2028}", "\"é日😀\u{7F}\u{2028}\""), ("\"", "\"\\\"\""),
    ])
  func escapes(text: String, json: String) {
    #expect(JSONValue.string(text).description == json)
  }

  @Test("writes what counts, and points in time")
  func countsAndTimes() {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("zero", UInt64(0))
    writer.member("ten", UInt64(10))
    writer.member("most", UInt64.max)
    writer.member("time", time: 1_795_334_400_123)
    writer.endObject()
    #expect(
      utf8(writer.bytes) == #"{"zero":0,"ten":10,"most":18446744073709551615,"time":"2026-11-22T08:00:00.123Z"}"#)
  }

  @Test("commas stand between what belongs together")
  func commas() {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("a", 1)
    writer.member("absent", nil)
    writer.flag("f", false)
    writer.flag("t", true)
    writer.name("o")
    writer.beginObject()
    writer.endObject()
    writer.name("l")
    writer.beginArray()
    writer.value("x")
    writer.beginArray()
    writer.endArray()
    writer.value(JSONValue.null)
    writer.endArray()
    writer.member("s", ["p", "q"])
    writer.endObject()
    #expect(utf8(writer.bytes) == #"{"a":1,"t":true,"o":{},"l":["x",[],null],"s":["p","q"]}"#)
  }

  func value(_ generator: inout SeededGenerator, depth: Int) -> JSONValue {
    let special = Array("\"\\/\u{0}\u{8}\u{1F}\n\té日😀\u{7F}\u{FFFF}".unicodeScalars)
    switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &generator) {
    case 0: return .null
    case 1: return .bool(.random(using: &generator))
    case 2: return .number(String(Int64.random(in: .min...(.max), using: &generator)))
    case 3: return .number(String(Double.random(in: -1e20...1e20, using: &generator)))
    case 4, 5: return .string(generator.text(special, length: 0...10))
    case 6:
      return .array((0..<Int.random(in: 0..<4, using: &generator)).map { _ in value(&generator, depth: depth - 1) })
    default:
      var names: Set<String> = []
      return .object(
        (0..<Int.random(in: 0..<4, using: &generator)).compactMap { _ in
          let name = generator.text(special, length: 0...4)
          return names.insert(name).inserted ? .init(name, value(&generator, depth: depth - 1)) : nil
        })
    }
  }

  @Test("what is written is read back", arguments: 0..<4)
  func roundTrip(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<2000 {
      let original = value(&generator, depth: 4)
      try #require(try parse(original.description) == original)
    }
  }

  @Test("damaged text is read or refused, never more", arguments: 0..<4)
  func damage(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed &+ 10)
    for _ in 0..<2000 {
      var bytes = Array(value(&generator, depth: 3).description.utf8)
      for _ in 0..<Int.random(in: 1...3, using: &generator) where !bytes.isEmpty {
        let index = Int.random(in: 0..<bytes.count, using: &generator)
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: bytes.remove(at: index)
        case 1: bytes[index] = UInt8.random(in: 0...255, using: &generator)
        default: bytes.removeSubrange(index...)
        }
      }
      do throws(JSONError) {
        let value = try JSONValue(parsing: bytes)
        let again = try JSONValue(parsing: Array(value.description.utf8))
        #expect(again == value)
      } catch {
        try #require((0...bytes.count).contains(error.offset))
        try #require(error.description.hasPrefix("at byte "))
      }
    }
  }
}
