/// The recursive descent through a JSON text.
struct JSONReader {
  private let bytes: [UInt8]
  private let depth: Int
  private var offset = 0

  init(bytes: [UInt8], depth: Int) {
    self.bytes = bytes
    self.depth = depth
  }

  /// The one value of the text.
  mutating func document(limit: Int) throws(JSONError) -> JSONValue {
    guard bytes.count <= limit else { throw JSONError(problem: .tooLong(limit: limit), offset: limit) }
    // Checked once for all, so that every slice of the text is a string without further asking.
    do throws(UTF8.ValidationError) {
      _ = try UTF8Span(validating: bytes.span)
    } catch {
      throw JSONError(problem: .notUTF8, offset: error.byteOffsets.lowerBound)
    }
    skipSpace()
    let value = try value(level: 0)
    skipSpace()
    guard offset == bytes.count else { throw failure(.trailingText) }
    return value
  }

  private mutating func value(level: Int) throws(JSONError) -> JSONValue {
    guard let byte = peek() else { throw failure(.unexpectedEnd) }
    switch byte {
    case UInt8(ascii: "{"): return try object(level: level + 1)
    case UInt8(ascii: "["): return try array(level: level + 1)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try number())
    case UInt8(ascii: "t") where take("true"): return .bool(true)
    case UInt8(ascii: "f") where take("false"): return .bool(false)
    case UInt8(ascii: "n") where take("null"): return .null
    default: throw failure(.expected("a value"))
    }
  }

  private mutating func object(level: Int) throws(JSONError) -> JSONValue {
    guard level <= depth else { throw failure(.tooDeep(limit: depth)) }
    offset += 1
    skipSpace()
    if take("}") { return .object([]) }
    var members: [JSONValue.Member] = []
    var names: Set<String> = []
    while true {
      guard peek() == UInt8(ascii: "\"") else { throw unexpected("a name in quotation marks") }
      let start = offset
      let name = try string()
      guard names.insert(name).inserted else { throw JSONError(problem: .duplicateName(name), offset: start) }
      skipSpace()
      guard take(":") else { throw unexpected("a :") }
      skipSpace()
      members.append(JSONValue.Member(name, try value(level: level)))
      skipSpace()
      if take("}") { return .object(members) }
      guard take(",") else { throw unexpected("a , or a }") }
      skipSpace()
    }
  }

  private mutating func array(level: Int) throws(JSONError) -> JSONValue {
    guard level <= depth else { throw failure(.tooDeep(limit: depth)) }
    offset += 1
    skipSpace()
    if take("]") { return .array([]) }
    var elements: [JSONValue] = []
    while true {
      elements.append(try value(level: level))
      skipSpace()
      if take("]") { return .array(elements) }
      guard take(",") else { throw unexpected("a , or a ]") }
      skipSpace()
    }
  }

  private mutating func number() throws(JSONError) -> String {
    let start = offset
    _ = take("-")
    if !take("0") { try digits() }
    if take(".") { try digits() }
    if take("e") || take("E") {
      _ = take("+") || take("-")
      try digits()
    }
    // What cannot follow a number would otherwise be reported as if the number were fine: 01, 1.2.3.
    if let next = peek(), (0x30...0x39).contains(next) || next == UInt8(ascii: ".") { throw failure(.badNumber) }
    return String(decoding: bytes[start..<offset], as: UTF8.self)
  }

  private mutating func digits() throws(JSONError) {
    let start = offset
    while let byte = peek(), (0x30...0x39).contains(byte) { offset += 1 }
    guard offset > start else { throw peek() == nil ? failure(.unexpectedEnd) : failure(.badNumber) }
  }

  private mutating func string() throws(JSONError) -> String {
    offset += 1
    let start = offset
    while offset < bytes.count {
      switch bytes[offset] {
      case UInt8(ascii: "\""):
        offset += 1
        return String(decoding: bytes[start..<(offset - 1)], as: UTF8.self)
      case UInt8(ascii: "\\"): return try escapedString(from: start)
      case 0..<0x20: throw failure(.controlCharacter)
      default: offset += 1
      }
    }
    throw failure(.unexpectedEnd)
  }

  /// The rest of a string in which `offset` stands at the first escape.
  private mutating func escapedString(from start: Int) throws(JSONError) -> String {
    var text = Array(bytes[start..<offset])
    while offset < bytes.count {
      let byte = bytes[offset]
      switch byte {
      case UInt8(ascii: "\""):
        offset += 1
        return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"): try escape(into: &text)
      case 0..<0x20: throw failure(.controlCharacter)
      default:
        text.append(byte)
        offset += 1
      }
    }
    throw failure(.unexpectedEnd)
  }

  private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
    guard offset + 1 < bytes.count else {
      offset = bytes.count
      throw failure(.unexpectedEnd)
    }
    switch bytes[offset + 1] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(bytes[offset + 1])
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"): return try unicodeEscape(into: &text)
    default: throw failure(.badEscape)
    }
    offset += 2
  }

  private mutating func unicodeEscape(into text: inout [UInt8]) throws(JSONError) {
    let start = offset
    let unit = try codeUnit()
    var value = unit
    if unit & 0xFC00 == 0xD800 {
      guard offset + 1 < bytes.count, bytes[offset] == UInt8(ascii: "\\"), bytes[offset + 1] == UInt8(ascii: "u")
      else { throw JSONError(problem: .loneSurrogate, offset: start) }
      let low = try codeUnit()
      guard low & 0xFC00 == 0xDC00 else { throw JSONError(problem: .loneSurrogate, offset: start) }
      value = 0x10000 + (unit & 0x3FF) << 10 + low & 0x3FF
    }
    guard let scalar = Unicode.Scalar(value) else { throw JSONError(problem: .loneSurrogate, offset: start) }
    if let encoded = UTF8.encode(scalar) { text.append(contentsOf: encoded) }
  }

  /// The four hexadecimal digits behind the `\u` of an escape.
  private mutating func codeUnit() throws(JSONError) -> UInt32 {
    var value: UInt32 = 0
    for index in (offset + 2)..<(offset + 6) {
      guard index < bytes.count else { throw JSONError(problem: .unexpectedEnd, offset: bytes.count) }
      let digit: UInt8
      switch bytes[index] {
      case 0x30...0x39: digit = bytes[index] - 0x30
      case 0x41...0x46: digit = bytes[index] - 0x41 + 10
      case 0x61...0x66: digit = bytes[index] - 0x61 + 10
      default: throw failure(.badEscape)
      }
      value = value << 4 | UInt32(digit)
    }
    offset += 6
    return value
  }

  private func peek() -> UInt8? {
    offset < bytes.count ? bytes[offset] : nil
  }

  private mutating func take(_ token: StaticString) -> Bool {
    let count = token.utf8CodeUnitCount
    guard offset + count <= bytes.count else { return false }
    let matches = token.withUTF8Buffer { buffer in
      (0..<count).allSatisfy { bytes[offset + $0] == buffer[$0] }
    }
    if matches { offset += count }
    return matches
  }

  private mutating func skipSpace() {
    while offset < bytes.count {
      switch bytes[offset] {
      case 0x20, 0x09, 0x0A, 0x0D: offset += 1
      default: return
      }
    }
  }

  private func unexpected(_ what: String) -> JSONError {
    failure(offset < bytes.count ? .expected(what) : .unexpectedEnd)
  }

  private func failure(_ problem: JSONError.Problem) -> JSONError {
    JSONError(problem: problem, offset: offset)
  }
}
