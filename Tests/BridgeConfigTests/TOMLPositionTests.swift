import Testing

@testable import BridgeConfig

@Suite("Positions of keys and values in TOML")
struct TOMLPositionTests {
  struct Shape: CustomTestStringConvertible {
    var name: String
    var text: String
    var path: [TOMLStep]
    var key: String
    var value: String
    var testDescription: String { name }
  }

  static let shapes: [Shape] = [
    Shape(name: "bare key", text: "a = 1", path: ["a"], key: "1:1", value: "1:5"),
    Shape(name: "no spaces", text: "a=1", path: ["a"], key: "1:1", value: "1:3"),
    Shape(name: "indented", text: "\n\t  a\t=\t1", path: ["a"], key: "2:4", value: "2:8"),
    Shape(name: "behind a comment", text: "# a = 2\na = 1 # a = 3\nb = 2", path: ["b"], key: "3:1", value: "3:5"),
    Shape(name: "CRLF", text: "a = 1\r\nb = 2\r\n", path: ["b"], key: "2:1", value: "2:5"),
    Shape(name: "byte order mark", text: "\u{FEFF}a = 1", path: ["a"], key: "1:1", value: "1:5"),
    Shape(
      name: "behind wide text", text: "a = {x = 'é😀e\u{301}', b = 2}", path: ["a", "b"], key: "1:18", value: "1:22"),
    Shape(name: "basic-quoted key", text: #""a b" = 1"#, path: ["a b"], key: "1:1", value: "1:9"),
    Shape(name: "literal-quoted key", text: "'a.b' = 1", path: ["a.b"], key: "1:1", value: "1:9"),
    Shape(name: "escaped key", text: #""\u00e9\"\\\t" = 1"#, path: ["é\"\\\t"], key: "1:1", value: "1:18"),
    Shape(name: "empty key", text: #""" = 1"#, path: [""], key: "1:1", value: "1:6"),
    Shape(name: "digits as a key", text: "12 = 1", path: ["12"], key: "1:1", value: "1:6"),
    Shape(name: "dotted key", text: "a.b . c = 1", path: ["a", "b", "c"], key: "1:7", value: "1:11"),
    Shape(name: "dotted quoted key", text: #"a."b.c".'d' = 1"#, path: ["a", "b.c", "d"], key: "1:9", value: "1:15"),
    Shape(name: "table made by a dotted key", text: "x = 1\na.b = 1", path: ["a"], key: "2:1", value: "2:1"),
    Shape(name: "table", text: "\n[t]\na = 1", path: ["t"], key: "2:2", value: "2:1"),
    Shape(name: "key of a table", text: "[t]\na = 1", path: ["t", "a"], key: "2:1", value: "2:5"),
    Shape(name: "spaced header", text: " [ t . u ] # c\na = 1", path: ["t", "u", "a"], key: "2:1", value: "2:5"),
    Shape(name: "quoted header", text: "[\"t.u\".'v']\na = 1", path: ["t.u", "v"], key: "1:8", value: "1:1"),
    Shape(name: "dotted key in a table", text: "[t]\na.b = 1", path: ["t", "a", "b"], key: "2:3", value: "2:7"),
    Shape(
      name: "table above its parent", text: "[t.u]\na = 1\n[t]\nb = 2", path: ["t", "b"], key: "4:1", value: "4:5"),
    Shape(name: "array of tables", text: "[[t]]\na = 1\n[[t]]\na = 2", path: ["t", 1], key: "3:3", value: "3:1"),
    Shape(name: "its key", text: "[[t]]\na = 1\n[[t]]\na = 2", path: ["t", 1, "a"], key: "4:1", value: "4:5"),
    Shape(
      name: "table under the latest element", text: "[[t]]\n[[t]]\n[t.u]\na = 1", path: ["t", 1, "u", "a"],
      key: "4:1", value: "4:5"),
    Shape(
      name: "array of tables in one", text: "[[t]]\n[[t.u]]\n[[t]]\n[[t.u]]\n[[t.u]]\na = 1",
      path: ["t", 1, "u", 1, "a"], key: "6:1", value: "6:5"),
    Shape(name: "array", text: "a = [ 1, 'x' , 3 ]", path: ["a", 2], key: "1:16", value: "1:16"),
    Shape(
      name: "array over lines", text: "a = [ # one, ]\n  1,\n\n  # 'no'\n  \"]\", # two\n  3,\n]\nb = 1",
      path: ["a", 2],
      key: "6:3", value: "6:3"),
    Shape(name: "behind that array", text: "a = [ # ]\n  \"]\",\n]\nb = 1", path: ["b"], key: "4:1", value: "4:5"),
    Shape(name: "array of arrays", text: "a = [[1, 2], [3, 4]]", path: ["a", 1, 1], key: "1:18", value: "1:18"),
    Shape(name: "inline table", text: "a = { b = 1, c.d = 2 }", path: ["a", "c", "d"], key: "1:16", value: "1:20"),
    Shape(name: "empty inline table", text: "a = {}\nb = 1", path: ["b"], key: "2:1", value: "2:5"),
    Shape(
      name: "inline tables in an array", text: "a = [{b = 1},\n {b = {c = 2}}]", path: ["a", 1, "b", "c"],
      key: "2:8", value: "2:12"),
    Shape(name: "braces in a string", text: "a = {b = '}', c = \"},\"}\nd = 1", path: ["d"], key: "2:1", value: "2:5"),
    Shape(name: "hash in a string", text: "a = \"#\"\nb = '#'\nc = 1", path: ["c"], key: "3:1", value: "3:5"),
    Shape(name: "escaped quote", text: #"a = "\"\\""# + "\nb = 1", path: ["b"], key: "2:1", value: "2:5"),
    Shape(
      name: "multi-line basic string", text: "a = \"\"\"\nb = 9\n\\\"\"\" x\n\"\"\"\nb = 1", path: ["b"], key: "5:1",
      value: "5:5"),
    Shape(
      name: "multi-line literal string", text: "a = '''\nb = 9\n\\'''\nb = 1", path: ["b"], key: "4:1", value: "4:5"),
    Shape(
      name: "quotes at the end of a multi-line string", text: "a = \"\"\"x\"\"\"\"\"\nb = '''x'''''\nc = 1",
      path: ["c"], key: "3:1", value: "3:5"),
    Shape(
      name: "keys behind a multi-line string in braces", text: "a = {b = '''\n}\n''', c = 1}", path: ["a", "c"],
      key: "3:6", value: "3:10"),
    Shape(
      name: "date with a space", text: "a = 2026-11-22 08:00:00\nb = [1979-05-27T07:32:00Z, 2]", path: ["b", 1],
      key: "2:28", value: "2:28"),
  ]

  @Test("finds the place of", arguments: shapes)
  func finds(shape: Shape) throws {
    let root = try TOMLParser.parse(Array(shape.text.utf8))
    let node = try #require(shape.path.reduce(root as TOMLNode?) { $1.taken(from: $0) })
    #expect("\(node.keyPosition.line):\(node.keyPosition.column)" == shape.key)
    #expect("\(node.position.line):\(node.position.column)" == shape.value)
  }

  @Test("text that is cut anywhere is refused at a place in it, or means something")
  func survivesCutting() {
    for shape in Self.shapes {
      let bytes = Array(shape.text.utf8)
      for part in bytes.indices.map({ bytes[..<$0] }) + bytes.indices.map({ bytes[$0...] }) {
        do throws(TOMLFault) {
          _ = try TOMLParser.parse(Array(part))
        } catch {
          let lines = part.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
          #expect((1...lines.count).contains(error.position.line), "\(shape)")
        }
      }
    }
  }

  @Test("nesting and long keys end before the stack does")
  func deepNesting() {
    for text in ["a = " + String(repeating: "[", count: 100_000), "a = " + String(repeating: "{a=", count: 100_000)] {
      #expect(throws: TOMLFault.self) { try TOMLParser.parse(Array(text.utf8)) }
    }
    let key = String(repeating: "a.", count: 100_000) + "a"
    for text in ["\(key) = 1", "[\(key)]", "[[\(key)]]"] {
      #expect(throws: TOMLFault.self) { try TOMLParser.parse(Array(text.utf8)) }
    }
  }
}

/// One step on the way from a document to a value: a key of a table or an index of an array.
enum TOMLStep: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, Sendable {
  case key(String)
  case index(Int)

  init(stringLiteral key: String) { self = .key(key) }
  init(integerLiteral index: Int) { self = .index(index) }

  func taken(from node: TOMLNode?) -> TOMLNode? {
    switch (self, node?.value) {
    case (.key(let key), .table(let members)): members[key]
    case (.index(let index), .array(let elements)): index < elements.count ? elements[index] : nil
    default: nil
    }
  }
}
