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
  /// Where the next field begins.
  public private(set) var position: Int

  /// A reader at the first field, or at another that is known to begin at `position`.
  public init(_ bytes: [UInt8], at position: Int = 0) {
    self.bytes = bytes
    self.position = position
  }

  /// An integer of the type's full width.
  public mutating func read<Value: FixedWidthInteger & BitwiseCopyable>(_: Value.Type = Value.self) throws(FieldError)
    -> Value
  {
    let width = Value.bitWidth / 8
    guard bytes.count - position >= width else { throw .truncated }
    defer { position += width }
    return bytes.withUnsafeBytes { Value(littleEndian: $0.loadUnaligned(fromByteOffset: position, as: Value.self)) }
  }

  /// A byte that is 0 or 1.
  public mutating func readBool() throws(FieldError) -> Bool {
    let byte = try read(UInt8.self)
    guard byte <= 1 else { throw .invalidFlag(byte) }
    return byte == 1
  }

  /// Bytes behind their length.
  public mutating func readBytes() throws(FieldError) -> [UInt8] { Array(bytes[try skipBytes()]) }

  /// A string behind its length.
  public mutating func readString() throws(FieldError) -> String {
    let range = try skipBytes()
    do {
      return String(copying: try UTF8Span(validating: bytes.span.extracting(range)))
    } catch {
      throw .notUTF8
    }
  }

  /// Goes over bytes behind their length; returns where they lie in the record.
  public mutating func skipBytes() throws(FieldError) -> Range<Int> {
    let count = Int(try read(UInt32.self))
    guard bytes.count - position >= count else { throw .truncated }
    defer { position += count }
    return position..<(position + count)
  }

  /// Goes over a string behind its length; returns where it lies in the record.
  public mutating func skipString() throws(FieldError) -> Range<Int> {
    let range = try skipBytes()
    do {
      _ = try UTF8Span(validating: bytes.span.extracting(range))
    } catch {
      throw .notUTF8
    }
    return range
  }

  /// The bytes of the fields that have been read since `start`.
  public func record(from start: Int) -> [UInt8] {
    start == 0 && isAtEnd ? bytes : Array(bytes[start..<position])
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
}
