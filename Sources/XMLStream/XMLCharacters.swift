extension XMLWriter {
  /// Where text stops being something XML 1.0 can carry: the index of the first byte of a character it forbids (§2.2:
  /// controls but tab, line feed and carriage return; U+FFFE and U+FFFF) or of ill-formed UTF-8; nil if all is fine.
  public static func firstForbidden(in utf8: [UInt8]) -> Int? {
    let bytes = utf8.span
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      if byte < 0x80 {
        if byte < 0x20 && !isPermittedControl(byte) { return index }
        index += 1
      } else {
        let length = wellFormedLength(bytes, at: index)
        if length == 0 { return index }
        index += length
      }
    }
    return nil
  }

  /// Tab, line feed, carriage return.
  static func isPermittedControl(_ byte: UInt8) -> Bool { byte == 0x09 || byte == 0x0A || byte == 0x0D }

  /// Length of the well-formed, permitted multi-byte sequence at `index` (Unicode, table 3-7); 0 if there is none.
  private static func wellFormedLength(_ bytes: Span<UInt8>, at index: Int) -> Int {
    let length: Int
    var second: ClosedRange<UInt8> = 0x80...0xBF
    switch bytes[index] {
    case 0xC2...0xDF: length = 2
    case 0xE0: (length, second) = (3, 0xA0...0xBF)
    case 0xED: (length, second) = (3, 0x80...0x9F)  // no surrogates
    case 0xE1...0xEF: length = 3
    case 0xF0: (length, second) = (4, 0x90...0xBF)
    case 0xF1...0xF3: length = 4
    case 0xF4: (length, second) = (4, 0x80...0x8F)  // nothing beyond U+10FFFF
    default: return 0
    }
    guard index + length <= bytes.count, second.contains(bytes[index + 1]) else { return 0 }
    for offset in 2..<max(length, 2) where bytes[index + offset] & 0xC0 != 0x80 { return 0 }
    let isNoncharacter = bytes[index] == 0xEF && bytes[index + 1] == 0xBF && bytes[index + 2] >= 0xBE
    return isNoncharacter ? 0 : length
  }
}
