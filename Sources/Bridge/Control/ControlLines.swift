/// Puts a client's bytes together to lines.
struct ControlLines {
  /// A line is longer than one may be.
  struct TooLong: Error {}

  /// Bytes of a line, without its end.
  static let limit = 64 << 10

  private var bytes: [UInt8] = []
  /// So many of them have been looked at, and end no line.
  private var searched = 0

  /// Takes bytes.
  mutating func append(_ new: some Sequence<UInt8>) { bytes.append(contentsOf: new) }

  /// Takes out the next line, without its end; nil if there is none yet.
  mutating func next() throws(TooLong) -> [UInt8]? {
    guard let end = bytes[searched...].firstIndex(of: UInt8(ascii: "\n")) else {
      searched = bytes.count
      if searched > Self.limit { throw TooLong() }
      return nil
    }
    guard end <= Self.limit else { throw TooLong() }
    defer {
      bytes.removeFirst(end + 1)
      searched = 0
    }
    return Array(bytes[..<end])
  }
}
