import CTestSupport

/// A message of a load: which one it is, in its text.
public struct LoadMessage: Sendable, Equatable {
  /// Its number in the load.
  public var number: Int

  /// A message.
  public init(number: Int) { self.number = number }

  /// The text: nothing in it needs to be escaped in XML or JSON.
  /// - Parameters:
  ///   - run: distinguishes this load from others; letters and digits only. With one letter and less than 100,000
  ///     messages the text is short enough for ten bytes.
  ///   - size: how many bytes it should have; it has more if run and number need them.
  public func text(run: String, size: Int) -> String {
    let head = "\(Self.mark(run))\(number);"
    return head + String(repeating: "x", count: max(0, size - head.utf8.count))
  }

  /// Finds a message of this load in a body, or in the JSON around one.
  public init?(in bytes: [UInt8], run: String) {
    let mark = Self.mark(run)
    let found: Int? = bytes.withUnsafeBytes { bytes in
      let start = ctest_find(bytes.baseAddress, bytes.count, mark)
      guard start >= 0 else {
        return nil
      }
      let rest = bytes[(start + mark.utf8.count)...]
      let digits = rest.prefix { $0 >= 0x30 && $0 <= 0x39 }
      guard !digits.isEmpty, rest.dropFirst(digits.count).first == UInt8(ascii: ";") else { return nil }
      return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }
    guard let found else { return nil }
    self.init(number: found)
  }

  private static func mark(_ run: String) -> String { "#\(run)=" }
}
