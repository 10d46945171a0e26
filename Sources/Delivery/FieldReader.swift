/// What is wrong with a record.
public enum FieldError: Error, Equatable, CustomStringConvertible {
  /// It ends within a field.
  case truncated
  /// A byte that says whether something is there is neither 0 nor 1.
  case invalidFlag(UInt8)
  /// A string is not UTF-8.
  case notUTF8
  /// So many bytes follow the last field.
  case trailing(Int)

  /// For people.
  public var description: String {
    switch self {
    case .truncated: "the record ends within a field"
    case .invalidFlag(let byte): "the record has \(byte) where only 0 or 1 can be"
    case .notUTF8: "a text in the record is not UTF-8"
    case .trailing(let count): "the record is \(count) bytes longer than its fields"
    }
  }
}

/// Reads the fields of a record that ``FieldWriter`` wrote, in the same order. Damage is thrown, never trusted: no length in
/// the record makes it reserve memory.
public struct FieldReader: Sendable {
  private let bytes: [UInt8]
  private var position = 0

  /// A reader at the first field.
  public init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// An integer of the type's full width.
  public mutating func read<Value: FixedWidthInteger>(_: Value.Type = Value.self) throws(FieldError) -> Value {
    let width = Value.bitWidth / 8
    guard bytes.count - position >= width else { throw .truncated }
    var value: Value = 0
    for offset in 0..<width { value |= Value(truncatingIfNeeded: bytes[position + offset]) << (8 * offset) }
    position += width
    return value
  }

  /// A byte that is 0 or 1.
  public mutating func readBool() throws(FieldError) -> Bool {
    let byte = try read(UInt8.self)
    guard byte <= 1 else { throw .invalidFlag(byte) }
    return byte == 1
  }

  /// Bytes behind their length.
  public mutating func readBytes() throws(FieldError) -> [UInt8] { Array(try take()) }

  /// A string behind its length.
  public mutating func readString() throws(FieldError) -> String {
    guard let text = String(validating: try take(), as: UTF8.self) else { throw .notUTF8 }
    return text
  }

  /// An optional field: `body` reads the value if there is one.
  public mutating func readOptional<Value>(
    with body: (inout FieldReader) throws(FieldError) -> Value
  ) throws(FieldError) -> Value? {
    try readBool() ? try body(&self) : nil
  }

  /// A list: `body` reads each element.
  public mutating func readList<Value>(
    with body: (inout FieldReader) throws(FieldError) -> Value
  ) throws(FieldError) -> [Value] {
    let count = try read(UInt32.self)
    var list: [Value] = []
    for _ in 0..<count {
      // An element of no bytes would let a damaged count fill the memory.
      guard position < bytes.count else { throw .truncated }
      list.append(try body(&self))
    }
    return list
  }

  /// True when every byte has been read.
  public var isAtEnd: Bool { position == bytes.count }

  /// Throws if bytes follow the last field.
  public func finish() throws(FieldError) {
    guard isAtEnd else { throw .trailing(bytes.count - position) }
  }

  private mutating func take() throws(FieldError) -> ArraySlice<UInt8> {
    let count = Int(try read(UInt32.self))
    guard bytes.count - position >= count else { throw .truncated }
    defer { position += count }
    return bytes[position..<(position + count)]
  }
}
