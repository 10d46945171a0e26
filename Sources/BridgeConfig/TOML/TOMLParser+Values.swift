extension TOMLParser {
  /// Any value; its key's position is left to the caller, who knows the key.
  mutating func value(depth: Int) throws(TOMLFault) -> TOMLNode {
    let start = position
    guard depth < Self.maximumDepth else { throw fault("values nested too deeply; a few levels will do") }
    let value: TOMLNode.Value
    switch peek {
    case UInt8(ascii: "\""):
      value = .string(startsWith("\"\"\"") ? try multiLineBasicString() : try basicString())
    case UInt8(ascii: "'"):
      value = .string(startsWith("'''") ? try multiLineLiteralString() : try literalString())
    case UInt8(ascii: "["): value = .array(try array(depth: depth))
    case UInt8(ascii: "{"): value = try inlineTable(depth: depth)
    default: value = try plainValue()
    }
    return TOMLNode(value: value, keyPosition: start, position: start)
  }

  private mutating func array(depth: Int) throws(TOMLFault) -> [TOMLNode] {
    let start = position
    advance()
    var elements: [TOMLNode] = []
    while true {
      skipBlankLines()
      if skip("]") { return elements }
      guard peek != nil else { throw fault("the array is not closed; end it with ]", at: start) }
      elements.append(try value(depth: depth + 1))
      skipBlankLines()
      if skip(",") { continue }
      if skip("]") { return elements }
      guard peek != nil else { throw fault("the array is not closed; end it with ]", at: start) }
      throw fault("neither , nor ] behind an element of an array; write [\"a\", \"b\"]")
    }
  }

  private mutating func inlineTable(depth: Int) throws(TOMLFault) -> TOMLNode.Value {
    let start = position
    advance()
    let table = TOMLTable(.header, keyPosition: start, position: start)
    skipSpaces()
    if skip("}") { return table.node().value }
    while true {
      skipSpaces()
      if peek.map({ "\r\n#}".utf8.contains($0) }) ?? true {
        throw fault("braces that are not closed on their line; write { a = 1, b = 2 } on one line", at: start)
      }
      let (keys, value) = try keyAndValue(depth: depth + 1)
      try table.set(keys, value)
      skipSpaces()
      if skip(",") { continue }
      if skip("}") { return table.node().value }
      throw fault("neither , nor } behind a value in braces; write { a = 1, b = 2 } on one line")
    }
  }

  // MARK: - Plain values

  /// Everything without quotes or brackets: booleans, numbers, dates and times.
  private mutating func plainValue() throws(TOMLFault) -> TOMLNode.Value {
    let start = position
    var token = take(while: Self.isPlain)
    guard !token.isEmpty else { throw fault("no value where one is expected; text stands in quotes") }
    if Self.isDate(token), peek == UInt8(ascii: " ") {
      // A time may follow a date behind one space.
      let before = self
      advance()
      let time = take(while: Self.isPlain)
      if Self.isTime(time) { token += " " + time } else { self = before }
    }
    switch token {
    case "true": return .boolean(true)
    case "false": return .boolean(false)
    case "inf", "+inf": return .float(.infinity)
    case "-inf": return .float(-.infinity)
    case "nan", "+nan", "-nan": return .float(.nan)
    case _ where Self.isDate(String(token.prefix(10))) || Self.isTime(token): return .time
    default: break
    }
    if let number = TOMLNumber.integer(token) { return .integer(number) }
    if let number = TOMLNumber.float(token) { return .float(number) }
    throw fault("neither a number nor true or false; text stands in quotes", at: start)
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "+"),
      UInt8(ascii: "."), UInt8(ascii: ":"):
      true
    default: false
    }
  }

  /// `2026-11-22`
  private static func isDate(_ token: String) -> Bool { matches(token, "0000-00-00") && token.utf8.count == 10 }

  /// `08:00:00` and whatever belongs to it.
  private static func isTime(_ token: String) -> Bool { matches(token, "00:00:00") }

  /// Whether a token begins like this, 0 standing for any digit.
  private static func matches(_ token: String, _ pattern: String) -> Bool {
    token.utf8.count >= pattern.utf8.count
      && zip(token.utf8, pattern.utf8).allSatisfy { byte, expected in
        expected == UInt8(ascii: "0")
          ? (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) : byte == expected
      }
  }
}

/// Numbers as TOML writes them.
enum TOMLNumber {
  /// `42 -17 1_000 0xFF 0o755 0b1010`; nil for anything else, and beyond 64 bits.
  static func integer(_ token: String) -> Int? {
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where token.hasPrefix(prefix) {
      guard let digits = digits(token.dropFirst(2), { Character($0).hexDigitValue.map { $0 < radix } ?? false })
      else { return nil }
      return Int(digits, radix: radix)
    }
    return decimal(token[...]).flatMap { Int($0) }
  }

  /// `3.14 -0.01 5e+22 1_0.0e1_0`; nil for anything else.
  static func float(_ token: String) -> Double? {
    let parts = token.split(maxSplits: 1, omittingEmptySubsequences: false) { $0 == "e" || $0 == "E" }
    let mantissa = parts[0].split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 || mantissa.count == 2, var text = decimal(mantissa[0]) else { return nil }
    if mantissa.count == 2 {
      guard let fraction = digits(mantissa[1], isDecimal) else { return nil }
      text += "." + fraction
    }
    if parts.count == 2 {
      let sign = parts[1].prefix { $0 == "+" || $0 == "-" }
      guard sign.count <= 1, let exponent = digits(parts[1].dropFirst(sign.count), isDecimal) else { return nil }
      text += "e" + sign + exponent
    }
    return Double(text)
  }

  /// A sign or none, and digits that do not begin with a needless zero.
  private static func decimal(_ token: Substring) -> String? {
    let sign = token.prefix { $0 == "+" || $0 == "-" }
    guard sign.count <= 1, let digits = digits(token.dropFirst(sign.count), isDecimal),
      digits == "0" || !digits.hasPrefix("0")
    else { return nil }
    return sign + digits
  }

  /// Digits without the underscores between them; nil if there is anything else, or an underscore not between two.
  private static func digits(_ token: Substring, _ isDigit: (Unicode.Scalar) -> Bool) -> String? {
    let groups = token.split(separator: "_", omittingEmptySubsequences: false)
    guard groups.allSatisfy({ !$0.isEmpty && $0.unicodeScalars.allSatisfy(isDigit) }) else { return nil }
    return groups.joined()
  }

  private static func isDecimal(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }
}
