import Records
import XMPP

/// Writes JSON (RFC 8259) as UTF-8, in the order in which it is told, without white space.
///
/// Balance is the caller's: what is begun is ended, and in an object every value has a name before it.
public struct JSONWriter: ~Copyable, Sendable {
  private var sink: ByteSink
  private var needsComma = false

  /// A writer with nothing written.
  public init(capacity: Int = 256) {
    sink = ByteSink(capacity: capacity)
  }

  /// What has been written.
  public var bytes: [UInt8] { sink.bytes }

  /// `{`
  public mutating func beginObject() {
    begin(UInt8(ascii: "{"))
  }

  /// `}`
  public mutating func endObject() {
    end(UInt8(ascii: "}"))
  }

  /// `[`
  public mutating func beginArray() {
    begin(UInt8(ascii: "["))
  }

  /// `]`
  public mutating func endArray() {
    end(UInt8(ascii: "]"))
  }

  /// The name of the value that follows.
  public mutating func name(_ name: String) {
    separate()
    quoted(name)
    sink.append(UInt8(ascii: ":"))
    needsComma = false
  }

  /// The name of the value that follows: one without a character that needs an escape.
  public mutating func name(_ name: StaticString) {
    let comma = needsComma ? 1 : 0
    let count = name.utf8CodeUnitCount
    sink.append(atMost: count + 4) { room in
      // Where no comma is due the quotation mark takes its place: asking for room once for all of it spares a seventh of an event.
      room.storeBytes(of: UInt8(ascii: ","), as: UInt8.self)
      let start = room + comma
      start.storeBytes(of: UInt8(ascii: "\""), as: UInt8.self)
      (start + 1).copyMemory(from: name.utf8Start, byteCount: count)
      (start + 1 + count).storeBytes(of: UInt16(littleEndian: 0x3A22), as: UInt16.self)
      return comma + count + 3
    }
    needsComma = false
  }

  /// A string.
  public mutating func value(_ text: String) {
    separate()
    quoted(text)
    needsComma = true
  }

  /// An integer.
  public mutating func value(_ number: some BinaryInteger) {
    literal(String(number))
  }

  /// A number that counts something.
  public mutating func value(_ number: UInt64) {
    separate()
    // From its end.
    var digits = InlineArray<20, UInt8>(repeating: UInt8(ascii: "0"))
    var first = digits.count
    var rest = number
    repeat {
      first -= 1
      digits[first] += UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    } while rest > 0
    digits.span.extracting(first...).withUnsafeBufferPointer { sink.append($0) }
    needsComma = true
  }

  /// A point in time, in milliseconds since 1970, as a string.
  public mutating func value(time milliseconds: Int64) {
    separate()
    sink.append(UInt8(ascii: "\""))
    Timestamp.ascii(rfc3339: milliseconds).span.withUnsafeBufferPointer { sink.append($0) }
    sink.append(UInt8(ascii: "\""))
    needsComma = true
  }

  /// `true` or `false`.
  public mutating func value(_ bool: Bool) {
    literal(bool ? "true" : "false")
  }

  /// Any value.
  public mutating func value(_ value: JSONValue) {
    switch value {
    case .null: literal("null")
    case .bool(let bool): self.value(bool)
    case .number(let number): literal(number)
    case .string(let text): self.value(text)
    case .array(let elements):
      beginArray()
      for element in elements { self.value(element) }
      endArray()
    case .object(let members):
      beginObject()
      for member in members {
        name(member.name)
        self.value(member.value)
      }
      endObject()
    }
  }

  /// A member with a string; nothing if there is none.
  public mutating func member(_ name: StaticString, _ text: String?) {
    guard let text else { return }
    self.name(name)
    value(text)
  }

  /// A member with an integer.
  public mutating func member(_ name: StaticString, _ number: some BinaryInteger) {
    self.name(name)
    value(number)
  }

  /// A member with a number that counts something.
  public mutating func member(_ name: StaticString, _ number: UInt64) {
    self.name(name)
    value(number)
  }

  /// A member with a point in time, in milliseconds since 1970.
  public mutating func member(_ name: StaticString, time milliseconds: Int64) {
    self.name(name)
    value(time: milliseconds)
  }

  /// A member that is `true`; nothing if it is not.
  public mutating func flag(_ name: StaticString, _ isSet: Bool) {
    guard isSet else { return }
    self.name(name)
    value(true)
  }

  /// A member with an array of strings.
  public mutating func member(_ name: StaticString, _ texts: [String]) {
    self.name(name)
    beginArray()
    for text in texts { value(text) }
    endArray()
  }

  private mutating func begin(_ bracket: UInt8) {
    separate()
    sink.append(bracket)
    needsComma = false
  }

  private mutating func end(_ bracket: UInt8) {
    sink.append(bracket)
    needsComma = true
  }

  private mutating func literal(_ text: String) {
    separate()
    sink.append(text)
    needsComma = true
  }

  private mutating func separate() {
    if needsComma { sink.append(UInt8(ascii: ",")) }
  }

  private mutating func quoted(_ text: String) {
    text.utf8.span.withUnsafeBufferPointer { source in
      // Nearly every string is copied as it is.
      guard let start = source.baseAddress, PlainText.holds(source, without: Self.escapes) else {
        return escaped(source)
      }
      sink.append(atMost: source.count + 2) { room in
        room.storeBytes(of: UInt8(ascii: "\""), as: UInt8.self)
        (room + 1).copyMemory(from: start, byteCount: source.count)
        (room + 1 + source.count).storeBytes(of: UInt8(ascii: "\""), as: UInt8.self)
        return source.count + 2
      }
    }
  }

  private mutating func escaped(_ source: UnsafeBufferPointer<UInt8>) {
    sink.append(UInt8(ascii: "\""))
    for byte in source {
      if Self.needsEscape(byte) { escape(byte) } else { sink.append(byte) }
    }
    sink.append(UInt8(ascii: "\""))
  }

  /// What needs an escape beside the control characters.
  private static let escapes: InlineArray<2, UInt8> = [UInt8(ascii: "\""), UInt8(ascii: "\\")]

  private static func needsEscape(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
  }

  private mutating func escape(_ byte: UInt8) {
    sink.append(UInt8(ascii: "\\"))
    switch byte {
    case 0x08: sink.append(UInt8(ascii: "b"))
    case 0x09: sink.append(UInt8(ascii: "t"))
    case 0x0A: sink.append(UInt8(ascii: "n"))
    case 0x0C: sink.append(UInt8(ascii: "f"))
    case 0x0D: sink.append(UInt8(ascii: "r"))
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): sink.append(byte)
    default:
      sink.append(byte < 0x10 ? "u000" : "u001")
      let digit = byte & 0xF
      sink.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
    }
  }
}

extension JSONValue: CustomStringConvertible {
  /// The value as JSON, without white space.
  public var description: String {
    var writer = JSONWriter()
    writer.value(self)
    return String(decoding: writer.bytes, as: UTF8.self)
  }
}
