import Testing

@testable import BridgeConfig

@Suite("TOML")
struct TOMLParserTests {
  /// A value in a notation of its own: only what a test has to compare.
  private static func shown(_ node: TOMLNode) -> String {
    switch node.value {
    case .string(let text): "\"\(text)\""
    case .integer(let number): "\(number)"
    case .float(let number): "\(number)f"
    case .boolean(let flag): "\(flag)"
    case .time: "time"
    case .array(let elements): "[\(elements.map(shown).joined(separator: " "))]"
    case .table(let members):
      "{\(members.sorted { $0.key < $1.key }.map { "\($0.key):\(shown($0.value))" }.joined(separator: " "))}"
    }
  }

  @Test(
    "values",
    arguments: [
      ("1", "1"), ("+17", "17"), ("-0", "0"), ("1_000_000", "1000000"), ("0xDEAD_beef", "3735928559"),
      ("0o755", "493"), ("0b1101", "13"), ("9223372036854775807", "9223372036854775807"),
      ("-9223372036854775808", "-9223372036854775808"),
      ("1.0", "1.0f"), ("-0.5", "-0.5f"), ("5e+22", "5e+22f"), ("6.626e-3", "0.006626f"), ("1_0.0_1", "10.01f"),
      ("0e0", "0.0f"), ("1e05", "100000.0f"), ("inf", "inff"), ("-inf", "-inff"), ("+nan", "nanf"),
      ("true", "true"), ("false", "false"),
      ("1979-05-27", "time"), ("1979-05-27T07:32:00.5Z", "time"), ("1979-05-27 07:32:00+01:00", "time"),
      ("07:32:00", "time"), ("1979-05-27 # day", "time"),
      (#""a""#, #""a""#), (#""""#, #""""#), (#""\t\n\f\b\r\"\\\u00e9\U0001F600""#, "\"\t\n\u{c}\u{8}\r\"\\é😀\""),
      (#"'a\b"'"#, #""a\b"""#), ("''", #""""#),
      ("\"\"\"\"\"\"", #""""#), ("\"\"\"\na\"b\"\"c\"\"\"", #""a"b""c""#), ("\"\"\"a\"\"\"\"\"", #""a""""#),
      ("\"\"\"a\\\n  \n  b \\  \n\"\"\"", #""ab ""#), ("\"\"\"a\r\nb\"\"\"", "\"a\nb\""),
      ("'''\na\n'b''\n'''", "\"a\n'b''\n\""),
      ("'''\r\na'''''", #""a''""#),
      ("[]", "[]"), ("[1, 2,]", "[1 2]"), ("[ # c\n 1 # d\n , [2], 'x' ]", #"[1 [2] "x"]"#),
      ("{}", "{}"), ("{ a = 1, b.c = 2, \"b\".d = {} }", "{a:1 b:{c:2 d:{}}}"),
    ])
  func values(text: String, value: String) throws {
    let root = try TOMLParser.parse(Array("k = \(text)\nl = 1".utf8))
    #expect(Self.shown(root) == "{k:\(value) l:1}")
  }

  @Test(
    "documents",
    arguments: [
      ("", "{}"), ("\u{FEFF}# c\r\n\t\n", "{}"), ("a = 1 # c", "{a:1}"), ("a.b.c = 1\na.b.d = 2", "{a:{b:{c:1 d:2}}}"),
      ("[a]\n[a.b]\nc = 1\n[d]", "{a:{b:{c:1}} d:{}}"), ("[a.b.c]\n[a]\nd = 1\n[a.b]", "{a:{b:{c:{}} d:1}}"),
      ("[a.b.c]\n[a]\nb.d = 1", "{a:{b:{c:{} d:1}}}"), ("[a]\nb.c = 1\n[a.b.d]\ne = 2", "{a:{b:{c:1 d:{e:2}}}}"),
      ("[[a]]\nb = 1\n[a.c]\n[[a]]\n[[a.d]]\n[[a.d]]", "{a:[{b:1 c:{}} {d:[{} {}]}]}"),
      ("[[a.b]]\n[a]\nc = 1", "{a:{b:[{}] c:1}}"), ("\"a.b\".'c' = 1\n12 = 2", "{12:2 a.b:{c:1}}"),
    ])
  func documents(text: String, value: String) throws {
    #expect(Self.shown(try TOMLParser.parse(Array(text.utf8))) == value)
  }

  @Test(
    "what is no TOML, and where",
    arguments: [
      ("a", "1:2 no = behind the key; write key = value"),
      ("= 1", "1:1 no key where one is expected; write key = value or [table]"),
      ("a. = 1", "1:4 no key where one is expected; write key = value or [table]"),
      ("é = 1", "1:1 no key where one is expected; write key = value or [table]"),
      ("a =", "1:4 no value where one is expected; text stands in quotes"),
      ("a = b", "1:5 neither a number nor true or false; text stands in quotes"),
      ("a = 1 2", "1:7 more behind the end of a setting; write one setting a line, and text in quotes"),
      ("[a] b = 1", "1:5 more behind the end of a setting; write one setting a line, and text in quotes"),
      ("[a", "1:3 the header is not closed; write [name]"), ("[[a]", "1:5 the header is not closed; write [[name]]"),
      ("[]", "1:2 no key where one is expected; write key = value or [table]"),
      ("a = 1\na = 2", "2:1 “a” is there already; keep one of them"),
      ("a = 1\na.b = 2", "2:1 “a” is there already; nothing can be added to the first"),
      ("a = 1\n[a]", "2:2 “a” is there already; keep one of them"),
      ("a = 1\n[a.b]", "2:2 “a” is there already; nothing can be added to the first"),
      ("a = {}\n[a.b]", "2:2 “a” is there already; nothing can be added to the first"),
      ("a = {}\na.b = 1", "2:1 “a” is there already; nothing can be added to the first"),
      ("[a]\n[a]", "2:2 “a” is there already; keep one [a] and put all its settings there"),
      ("a.b = 1\n[a]", "2:2 “a” is there already; keep one [a] and put all its settings there"),
      ("[a.b]\n[a]\nb.c = 1", "3:1 “b” is there already; nothing can be added to the first"),
      ("[[a]]\n[a]", "2:2 “a” is there already; write [[a]] for one more"),
      ("[a]\n[[a]]", "2:3 “a” is there already; write [[a]] every time"),
      ("a = []\n[[a]]", "2:3 “a” is there already; keep one of them"),
      ("a = {b = 1, b = 2}", "1:13 “b” is there already; keep one of them"),
      ("a = {b = 1,\n}", "1:5 braces that are not closed on their line; write { a = 1, b = 2 } on one line"),
      ("a = {b = 1 c = 2}", "1:12 neither , nor } behind a value in braces; write { a = 1, b = 2 } on one line"),
      ("a = [1 2]", "1:8 neither , nor ] behind an element of an array; write [\"a\", \"b\"]"),
      ("a = [1, }", "1:9 no value where one is expected; text stands in quotes"),
      ("a = [\n1,\n", "1:5 the array is not closed; end it with ]"),
      ("a = \"b", "1:5 the text is not closed on its line; end it with \""),
      ("a = 'b\n'", "1:5 the text is not closed on its line; end it with '"),
      ("a = \"\"\"b\n\"\"", "1:5 the text is not closed; end it with \"\"\""),
      ("a = '''b\n''", "1:5 the text is not closed; end it with '''"),
      ("a = \"\\x\"", "1:6 an escape that means nothing; for a backslash write \\\\, or the text in '…'"),
      ("a = \"\\u12\"", "1:6 an escape that is cut short; write \\u and 4 or \\U and 8 hexadecimal digits"),
      ("a = \"\\uD800\"", "1:6 an escape of what is no character; leave it out"),
      ("a = \"\\u0000\"", "1:6 an escape of what is no character; leave it out"),
      ("a = \"\u{1}\"", "1:6 a control character; a configuration is plain text"),
      ("# \u{7F}", "1:3 a control character; a configuration is plain text"),
      ("a = 1\rb = 2", "1:7 a carriage return amid a line; end lines with line feeds"),
    ])
  func faults(text: String, says: String) {
    do throws(TOMLFault) {
      _ = try TOMLParser.parse(Array(text.utf8))
      Issue.record("accepted")
    } catch {
      #expect("\(error.position.line):\(error.position.column) \(error.message)" == says)
    }
  }

  @Test(
    "what is no number",
    arguments: [
      "01", "-01", "+-1", "1_", "_1", "1__0", "0x", "0xg", "0o8", "0b2", "+0x1", "0X1", "1.", ".1", "1.e1", "1e",
      "1e+-1",
      "1.0.0", "1e1.0", "1_.0", "9223372036854775808", "Inf", "++inf", "True", "1a", "0_0", "00",
    ])
  func noNumbers(text: String) {
    #expect(throws: TOMLFault.self) { try TOMLParser.parse(Array("a = \(text)".utf8)) }
  }

  @Test("no message repeats a value, which may be a secret without its quotes")
  func silence() {
    for text in [
      "password = hunter2", "password = hunter2 #", "password = \"hunter2", "password = [hunter2", "hunter2",
    ] {
      do throws(TOMLFault) {
        _ = try TOMLParser.parse(Array(text.utf8))
        Issue.record("accepted")
      } catch {
        #expect(!error.message.contains("hunter2"))
      }
    }
  }
}
