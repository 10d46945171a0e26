/// Reads TOML 1.0 into nodes that know where they stand, so that every fault of a configuration, of syntax or of
/// meaning, can be told with its line and column.
///
/// Parsing stops at the first fault of syntax, since what follows one is guesswork. Dates and times are recognised but
/// not examined: no setting takes one.
struct TOMLParser {
  private let bytes: [UInt8]
  private var index = 0
  private(set) var position = TOMLPosition.start

  /// How deep values may nest: recursion must end before the stack does.
  static let maximumDepth = 64
  /// How many parts a dotted key may have, for the same reason.
  static let maximumKeyParts = 16

  /// Parses a whole document; the result is a table.
  static func parse(_ document: [UInt8]) throws(TOMLFault) -> TOMLNode {
    try checkCharacters(document)
    var parser = TOMLParser(bytes: document)
    return try parser.document()
  }

  private init(bytes: [UInt8]) {
    self.bytes = bytes
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { index = 3 }
  }

  /// TOML is UTF-8 without control characters, wherever in the document.
  private static func checkCharacters(_ document: [UInt8]) throws(TOMLFault) {
    var position = TOMLPosition.start
    var decoder = UTF8()
    var input = document.makeIterator()
    var afterReturn = false
    while true {
      let result = decoder.decode(&input)
      if afterReturn, result != .scalarValue("\n") {
        throw TOMLFault(position: position, message: "a carriage return amid a line; end lines with line feeds")
      }
      switch result {
      case .emptyInput: return
      case .error: throw TOMLFault(position: position, message: "not UTF-8 text; save the file in UTF-8")
      case .scalarValue("\n"): position = TOMLPosition(line: position.line + 1, column: 1)
      case .scalarValue("\t"), .scalarValue("\r"): position.column += 1
      case .scalarValue("\0"..."\u{1F}"), .scalarValue("\u{7F}"):
        throw TOMLFault(position: position, message: "a control character; a configuration is plain text")
      case .scalarValue("\u{FEFF}") where position == .start: continue
      case .scalarValue: position.column += 1
      }
      afterReturn = result == .scalarValue("\r")
    }
  }

  // MARK: - Statements

  private mutating func document() throws(TOMLFault) -> TOMLNode {
    let document = TOMLTable(.header, keyPosition: .start, position: .start)
    var table = document
    while true {
      skipBlankLines()
      guard let byte = peek else { return document.node() }
      if byte == UInt8(ascii: "[") {
        table = try header(in: document)
      } else {
        let (keys, value) = try keyAndValue(depth: 0)
        try table.set(keys, value)
      }
      skipSpaces()
      skipComment()
      guard peek == nil || peek == UInt8(ascii: "\n") || peek == UInt8(ascii: "\r") else {
        throw fault("more behind the end of a setting; write one setting a line, and text in quotes")
      }
    }
  }

  /// `[a.b]` or `[[a.b]]`.
  private mutating func header(in document: TOMLTable) throws(TOMLFault) -> TOMLTable {
    let start = position
    advance()
    let isElement = skip("[")
    let keys = try dottedKey()
    guard skip("]"), !isElement || skip("]") else {
      throw fault("the header is not closed; write \(isElement ? "[[name]]" : "[name]")")
    }
    return isElement
      ? try document.element(header: keys, start: start) : try document.table(header: keys, start: start)
  }

  /// `a.b = value`, on a line of its own or in braces.
  mutating func keyAndValue(depth: Int) throws(TOMLFault) -> (keys: [TOMLTable.Key], value: TOMLNode) {
    let keys = try dottedKey()
    guard skip("=") else { throw fault("no = behind the key; write key = value") }
    skipSpaces()
    var value = try value(depth: depth)
    value.keyPosition = keys.last?.position ?? value.position
    return (keys, value)
  }

  private mutating func dottedKey() throws(TOMLFault) -> [TOMLTable.Key] {
    var keys: [TOMLTable.Key] = []
    repeat {
      skipSpaces()
      guard keys.count < Self.maximumKeyParts else { throw fault("a key of too many parts; a few will do") }
      let start = position
      keys.append(TOMLTable.Key(name: try simpleKey(), position: start))
      skipSpaces()
    } while skip(".")
    return keys
  }

  private mutating func simpleKey() throws(TOMLFault) -> String {
    switch peek {
    case UInt8(ascii: "\""): return try basicString()
    case UInt8(ascii: "'"): return try literalString()
    default:
      let name = take(while: Self.isBareKey)
      guard !name.isEmpty else { throw fault("no key where one is expected; write key = value or [table]") }
      return name
    }
  }

  private static func isBareKey(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }

  // MARK: - Bytes

  func fault(_ message: String, at place: TOMLPosition? = nil) -> TOMLFault {
    TOMLFault(position: place ?? position, message: message)
  }

  var peek: UInt8? { index < bytes.count ? bytes[index] : nil }

  func startsWith(_ text: StaticString) -> Bool {
    let count = text.utf8CodeUnitCount
    return text.withUTF8Buffer { bytes[index...].prefix(count).elementsEqual($0) }
  }

  mutating func advance() {
    guard index < bytes.count else { return }
    let byte = bytes[index]
    index += 1
    if byte == UInt8(ascii: "\n") {
      position.line += 1
      position.column = 1
    } else if peek.map({ $0 & 0b1100_0000 != 0b1000_0000 }) ?? true {
      // The next byte begins a character: only then has a whole one been passed.
      position.column += 1
    }
  }

  /// Steps over a character of ASCII if it is the next.
  mutating func skip(_ character: Unicode.Scalar) -> Bool {
    guard peek == UInt8(ascii: character) else { return false }
    advance()
    return true
  }

  mutating func take(while condition: (UInt8) -> Bool) -> String {
    let start = index
    while let byte = peek, condition(byte) { advance() }
    return String(decoding: bytes[start..<index], as: UTF8.self)
  }

  mutating func skipSpaces() {
    while let byte = peek, byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") { advance() }
  }

  mutating func skipComment() {
    guard peek == UInt8(ascii: "#") else { return }
    while let byte = peek, byte != UInt8(ascii: "\n") { advance() }
  }

  mutating func skipBlankLines() {
    while let byte = peek {
      switch byte {
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"): advance()
      case UInt8(ascii: "#"): skipComment()
      default: return
      }
    }
  }
}
