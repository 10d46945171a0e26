/// Collects bytes: looks for room once for each piece, and then copies. An array does more for each, and at every byte.
public struct ByteSink: ~Copyable, @unchecked Sendable {
  private var storage: UnsafeMutableBufferPointer<UInt8>
  /// How many have been collected.
  public private(set) var count = 0

  /// An empty one with room for so many bytes; it grows if there are more.
  public init(capacity: Int) { storage = .allocate(capacity: max(capacity, 1)) }

  deinit { storage.deallocate() }

  /// Appends what `write` puts into room for so many bytes; it returns how many it has put there.
  @inline(__always)
  public mutating func append(atMost limit: Int, _ write: (UnsafeMutableRawPointer) -> Int) {
    if storage.count - count < limit { grow(by: limit) }
    guard let room = storage.baseAddress else { return }
    count += write(UnsafeMutableRawPointer(room + count))
  }

  /// Appends a byte.
  @inline(__always)
  public mutating func append(_ byte: UInt8) {
    append(atMost: 1) { room in
      room.storeBytes(of: byte, as: UInt8.self)
      return 1
    }
  }

  /// Appends bytes.
  public mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard let source = bytes.baseAddress else { return }
    append(atMost: bytes.count) { room in
      room.copyMemory(from: source, byteCount: bytes.count)
      return bytes.count
    }
  }

  /// Appends the UTF-8 of a text.
  public mutating func append(_ text: String) { text.utf8.span.withUnsafeBufferPointer { append($0) } }

  /// What has been collected so far.
  public var bytes: [UInt8] { Array(storage[..<count]) }

  /// Lends what has been collected so far, to be read or changed in its place.
  public mutating func withUnsafeMutableBytes<Result, Failure: Error>(
    _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(storage)[..<count]))
  }

  /// Begins anew in the same room, or in less if it is more than so many bytes.
  public mutating func removeAll(keepingAtMost limit: Int) {
    count = 0
    guard storage.count > limit else { return }
    storage.deallocate()
    storage = .allocate(capacity: max(limit, 1))
  }

  @inline(never)
  private mutating func grow(by wanted: Int) {
    let larger = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(2 * storage.count, count + wanted))
    _ = larger.update(fromContentsOf: storage[..<count])
    storage.deallocate()
    storage = larger
  }
}
