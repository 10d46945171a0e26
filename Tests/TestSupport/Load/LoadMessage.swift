import CTestSupport

/// A message of a load: which one it is and when it was sent, in its text.
public struct LoadMessage: Sendable, Equatable {
  /// Its number in the load.
  public var number: Int
  /// When it was sent, in microseconds since the load began.
  public var sentAt: Int

  /// A message.
  public init(number: Int, sentAt: Int) {
    self.number = number
    self.sentAt = sentAt
  }

  /// The text: nothing in it needs to be escaped in XML or JSON.
  /// - Parameters:
  ///   - run: distinguishes this load from others; letters only.
  ///   - size: how many bytes it should have; it has more if the numbers need them.
  public func text(run: String, size: Int) -> String {
    let head = "\(Self.mark(run))\(number) T=\(sentAt) "
    return head + String(repeating: "x", count: max(0, size - head.utf8.count))
  }

  /// Finds a message of this load in a body, or in the JSON around one.
  public init?(in bytes: [UInt8], run: String) {
    let mark = Self.mark(run)
    let found: (number: Int, sentAt: Int)? = bytes.withUnsafeBytes { bytes in
      let start = ctest_find(bytes.baseAddress, bytes.count, mark)
      guard start >= 0 else {
        return nil
      }
      var rest = bytes[(start + mark.utf8.count)...]
      guard let number = Self.takeNumber(&rest), rest.starts(with: " T=".utf8) else { return nil }
      rest = rest.dropFirst(3)
      return Self.takeNumber(&rest).map { (number, $0) }
    }
    guard let found else { return nil }
    self.init(number: found.number, sentAt: found.sentAt)
  }

  private static func mark(_ run: String) -> String { "LOAD=\(run) N=" }

  private static func takeNumber(_ bytes: inout Slice<UnsafeRawBufferPointer>) -> Int? {
    let digits = bytes.prefix { $0 >= 0x30 && $0 <= 0x39 }
    bytes = bytes.dropFirst(digits.count)
    return digits.isEmpty ? nil : digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
  }
}
