/// Base64 (RFC 4648 §4), strict: one text for each sequence of bytes.
public enum Base64 {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  private static let padding = UInt8(ascii: "=")

  /// The encoding of `bytes`, padded, on one line.
  public static func encode(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    var index = 0
    while index < bytes.count {
      let available = min(3, bytes.count - index)
      var group = UInt32(bytes[index]) << 16
      if available > 1 { group |= UInt32(bytes[index + 1]) << 8 }
      if available > 2 { group |= UInt32(bytes[index + 2]) }
      for position in 0..<4 {
        text.append(position > available ? padding : alphabet[Int(group >> (18 - 6 * position)) & 63])
      }
      index += 3
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The bytes that `text` encodes; nil if it holds anything but the alphabet (white space too), lacks padding, or has
  /// bits set that belong to no byte.
  public static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
    guard text.count.isMultiple(of: 4) else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count / 4 * 3)
    var group: UInt32 = 0
    var digits = 0
    var paddings = 0
    for character in text {
      if character == padding {
        paddings += 1
        group <<= 6
      } else {
        guard paddings == 0, let value = value(of: character) else { return nil }
        group = group << 6 | UInt32(value)
      }
      digits += 1
      guard digits == 4 else { continue }
      switch paddings {
      case 0: bytes += [UInt8(truncatingIfNeeded: group >> 16), UInt8(truncatingIfNeeded: group >> 8)]
      case 1 where group & 0xFF == 0:
        bytes += [UInt8(truncatingIfNeeded: group >> 16), UInt8(truncatingIfNeeded: group >> 8)]
      case 2 where group & 0xFFFF == 0: bytes.append(UInt8(truncatingIfNeeded: group >> 16))
      default: return nil
      }
      if paddings == 0 { bytes.append(UInt8(truncatingIfNeeded: group)) }
      (group, digits) = (0, 0)
    }
    return bytes
  }

  /// The bytes that `text` encodes, or nil, under the same rules.
  public static func decode(_ text: String) -> [UInt8]? {
    decode(Array(text.utf8))
  }

  private static func value(of character: UInt8) -> UInt8? {
    switch character {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
    case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
