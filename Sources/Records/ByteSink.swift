/// Collects bytes. What is appended is checked for room once, and then copied: an array checks more, and at every byte.
public struct ByteSink: Sendable {
  /// The bytes, and behind them the room that is left.
  private var storage: [UInt8]
  /// How many have been collected.
  public private(set) var count = 0

  /// An empty one with room for so many bytes; it grows if there are more.
  public init(capacity: Int) { storage = [UInt8](repeating: 0, count: capacity) }

  /// One that goes on behind these bytes.
  public init(continuing bytes: [UInt8]) {
    storage = bytes
    count = bytes.count
  }

  /// Appends a byte.
  public mutating func append(_ byte: UInt8) {
    reserve(1)
    storage[count] = byte
    count += 1
  }

  /// Appends bytes.
  public mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
    reserve(bytes.count)
    storage.withUnsafeMutableBufferPointer { room in
      _ = room.extracting(count..<(count + bytes.count)).update(fromContentsOf: bytes)
    }
    count += bytes.count
  }

  /// Appends the UTF-8 of a text.
  public mutating func append(_ text: String) { text.utf8.span.withUnsafeBufferPointer { append($0) } }

  /// Appends what `write` puts into room for so many bytes; it returns how many it has put there.
  public mutating func append(atMost limit: Int, _ write: (UnsafeMutableBufferPointer<UInt8>) -> Int) {
    reserve(limit)
    count += storage.withUnsafeMutableBufferPointer { write($0.extracting(count..<(count + limit))) }
  }

  /// What has been collected so far.
  public var bytes: [UInt8] { Array(storage[..<count]) }

  /// What has been collected, without another copy.
  public consuming func finish() -> [UInt8] {
    storage.removeLast(storage.count - count)
    return storage
  }

  private mutating func reserve(_ wanted: Int) {
    guard storage.count - count < wanted else { return }
    storage.append(contentsOf: repeatElement(0, count: max(wanted, storage.count)))
  }
}
