/// Writes the fields of a record one behind the other: integers little-endian with their full width, bytes and strings behind
/// a 32-bit length, an optional behind a byte that is 0 or 1. ``FieldReader`` reads them back in the same order.
///
/// The record has no field names, so what may change over versions starts with a version byte of its own.
public struct FieldWriter: Sendable {
  /// What has been written.
  public private(set) var bytes: [UInt8] = []

  /// An empty record.
  /// - Parameter capacity: how many bytes it is expected to take.
  public init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

  /// Appends an integer in as many bytes as its type has.
  public mutating func write(_ value: some FixedWidthInteger & Sendable) {
    // Byte by byte: appending a sequence of eight takes four times as long.
    var rest = value
    for _ in 0..<(value.bitWidth / 8) {
      bytes.append(UInt8(truncatingIfNeeded: rest))
      rest >>= 8
    }
  }

  /// Appends 0 or 1.
  public mutating func write(_ value: Bool) { bytes.append(value ? 1 : 0) }

  /// Appends bytes behind their length; at most `UInt32.max`, which no row reaches.
  public mutating func write(_ value: [UInt8]) {
    write(UInt32(value.count))
    bytes.append(contentsOf: value)
  }

  /// Appends a string's UTF-8 behind its length.
  public mutating func write(_ value: String) {
    write(UInt32(value.utf8.count))
    bytes.append(contentsOf: value.utf8)
  }

  /// Appends an optional field: whether there is a value, then `body` with it.
  public mutating func write<Value>(_ value: Value?, with body: (inout FieldWriter, Value) -> Void) {
    write(value != nil)
    if let value { body(&self, value) }
  }

  /// Appends a list: how many elements, then `body` with each.
  public mutating func write<Value>(list: [Value], with body: (inout FieldWriter, Value) -> Void) {
    write(UInt32(list.count))
    for value in list { body(&self, value) }
  }
}
