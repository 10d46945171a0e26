/// Looks for bytes that cannot be written as they are, eight at a time: nearly every text has none.
public enum PlainText {
  /// Whether a text has none of these bytes and none below 0x20.
  @inline(__always)
  public static func holds<let count: Int>(
    _ text: UnsafeBufferPointer<UInt8>, without others: InlineArray<count, UInt8>
  ) -> Bool {
    let text = UnsafeRawBufferPointer(text)
    let ones: UInt64 = 0x0101_0101_0101_0101
    /// The highest bit of a byte is set if the byte is 0; it may be, too, above one that is.
    func zeros(_ word: UInt64) -> UInt64 { (word &- ones) & ~word }
    var found: UInt64 = 0
    var position = 0
    while position + 8 <= text.count {
      let word = text.loadUnaligned(fromByteOffset: position, as: UInt64.self)
      found |= (word &- ones &* 0x20) & ~word
      for index in others.indices { found |= zeros(word ^ (ones &* UInt64(others[index]))) }
      position += 8
    }
    guard found & (ones << 7) == 0 else { return false }
    while position < text.count {
      let byte = text[position]
      if byte < 0x20 { return false }
      for index in others.indices where byte == others[index] { return false }
      position += 1
    }
    return true
  }
}
