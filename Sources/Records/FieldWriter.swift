/// Writes the fields of a record one behind the other: integers little-endian with their full width, bytes and strings behind
/// a 32-bit length, an optional behind a byte that is 0 or 1. ``FieldReader`` reads them back in the same order.
///
/// The record has no field names, so what may change over versions starts with a version byte of its own.
public struct FieldWriter: ~Copyable, Sendable {
  private var sink: ByteSink

  /// An empty record.
  /// - Parameter capacity: how many bytes it is expected to take.
  public init(capacity: Int = 64) { sink = ByteSink(capacity: capacity) }

  /// Goes on behind what has been written of a record.
  public init(continuing bytes: [UInt8]) {
    sink = ByteSink(capacity: 2 * bytes.count)
    bytes.withUnsafeBufferPointer { sink.append($0) }
  }

  /// What has been written.
  public var bytes: [UInt8] { sink.bytes }

  /// Lends what has been written, to be read or changed in its place.
  public mutating func withUnsafeMutableBytes<Result, Failure: Error>(
    _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try sink.withUnsafeMutableBytes(body)
  }

  /// Begins a new record in the same room, or in less if it is more than so many bytes.
  public mutating func removeAll(keepingAtMost limit: Int) { sink.removeAll(keepingAtMost: limit) }

  /// Appends an integer in as many bytes as its type has.
  public mutating func write<Value: FixedWidthInteger & BitwiseCopyable & Sendable>(_ value: Value) {
    sink.append(atMost: value.bitWidth / 8) { room in
      room.storeBytes(of: value.littleEndian, as: Value.self)
      return value.bitWidth / 8
    }
  }

  /// Appends 0 or 1.
  public mutating func write(_ value: Bool) { sink.append(value ? 1 : 0) }

  /// Appends bytes behind their length; at most `UInt32.max`, which no row reaches.
  public mutating func write(_ value: [UInt8]) { value.withUnsafeBufferPointer { write($0) } }

  /// Appends fields that another writer has written.
  public mutating func write(written fields: [UInt8]) { fields.withUnsafeBufferPointer { sink.append($0) } }

  /// Appends a string's UTF-8 behind its length.
  public mutating func write(_ value: String) { value.utf8.span.withUnsafeBufferPointer { write($0) } }

  private mutating func write(_ value: UnsafeBufferPointer<UInt8>) {
    let count = value.count
    sink.append(atMost: 4 + count) { room in
      room.storeBytes(of: UInt32(count).littleEndian, as: UInt32.self)
      if let source = value.baseAddress { (room + 4).copyMemory(from: source, byteCount: count) }
      return 4 + count
    }
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
