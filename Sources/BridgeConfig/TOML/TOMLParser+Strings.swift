extension TOMLParser {
  /// `"text"`, with escapes.
  mutating func basicString() throws(TOMLFault) -> String {
    let start = position
    advance()
    var text = ""
    while true {
      text += take { $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") && $0 != UInt8(ascii: "\n") }
      if skip("\"") { return text }
      guard peek == UInt8(ascii: "\\") else {
        throw fault("the text is not closed on its line; end it with \"", at: start)
      }
      text.unicodeScalars.append(try escape())
    }
  }

  /// `'text'`, which means itself.
  mutating func literalString() throws(TOMLFault) -> String {
    let start = position
    advance()
    let text = take { $0 != UInt8(ascii: "'") && $0 != UInt8(ascii: "\n") }
    guard skip("'") else { throw fault("the text is not closed on its line; end it with '", at: start) }
    return text
  }

  /// `"""text"""`, with escapes, over as many lines as it takes.
  mutating func multiLineBasicString() throws(TOMLFault) -> String {
    let start = position
    openMultiLine()
    var text = ""
    while true {
      text += take { $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") && $0 != UInt8(ascii: "\r") }
      switch peek {
      case UInt8(ascii: "\""):
        if startsWith("\"\"\"") { return text + closeMultiLine("\"") }
        advance()
        text += "\""
      case UInt8(ascii: "\\"):
        if !skipLineContinuation() { text.unicodeScalars.append(try escape()) }
      case UInt8(ascii: "\r"):
        // Only before a line feed: a document reads the same whatever its lines end with.
        advance()
      default: throw fault("the text is not closed; end it with \"\"\"", at: start)
      }
    }
  }

  /// `'''text'''`, which means itself, over as many lines as it takes.
  mutating func multiLineLiteralString() throws(TOMLFault) -> String {
    let start = position
    openMultiLine()
    var text = ""
    while true {
      text += take { $0 != UInt8(ascii: "'") && $0 != UInt8(ascii: "\r") }
      switch peek {
      case UInt8(ascii: "'"):
        if startsWith("'''") { return text + closeMultiLine("'") }
        advance()
        text += "'"
      case UInt8(ascii: "\r"): advance()
      default: throw fault("the text is not closed; end it with '''", at: start)
      }
    }
  }

  /// Steps over three quotes and the line's end right behind them, which does not belong to the text.
  private mutating func openMultiLine() {
    for _ in 0..<3 { advance() }
    _ = skip("\r")
    _ = skip("\n")
  }

  /// Steps over three quotes; up to two more right behind them mean that many at the end of the text.
  private mutating func closeMultiLine(_ quote: Unicode.Scalar) -> String {
    for _ in 0..<3 { advance() }
    var surplus = ""
    while surplus.count < 2, skip(quote) { surplus.unicodeScalars.append(quote) }
    return surplus
  }

  /// A backslash at the end of a line swallows all white space up to the next text.
  private mutating func skipLineContinuation() -> Bool {
    let before = self
    advance()
    skipSpaces()
    _ = skip("\r")
    guard peek == UInt8(ascii: "\n") else {
      self = before
      return false
    }
    while let byte = peek, " \t\r\n".utf8.contains(byte) { advance() }
    return true
  }

  private mutating func escape() throws(TOMLFault) -> Unicode.Scalar {
    let start = position
    advance()
    let kind = peek
    advance()
    switch kind {
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "f"): return "\u{c}"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "\""): return "\""
    case UInt8(ascii: "\\"): return "\\"
    case UInt8(ascii: "u"): return try scalar(digits: 4, start: start)
    case UInt8(ascii: "U"): return try scalar(digits: 8, start: start)
    default: throw fault("an escape that means nothing; for a backslash write \\\\, or the text in '…'", at: start)
    }
  }

  private mutating func scalar(digits count: Int, start: TOMLPosition) throws(TOMLFault) -> Unicode.Scalar {
    var code: UInt32 = 0
    for _ in 0..<count {
      guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw fault("an escape that is cut short; write \\u and 4 or \\U and 8 hexadecimal digits", at: start)
      }
      code = code << 4 | UInt32(digit)
      advance()
    }
    guard let scalar = Unicode.Scalar(code), code != 0 else {
      throw fault("an escape of what is no character; leave it out", at: start)
    }
    return scalar
  }
}
