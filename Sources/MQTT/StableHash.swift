/// A 64-bit hash that is the same in every process, as something written to disk has to be. It resists accidents, not
/// attackers.
public enum StableHash {
  /// Of one run of bytes.
  public static func of(_ bytes: [UInt8]) -> UInt64 {
    bytes.withUnsafeBytes { finish(mix($0, into: seed)) }
  }

  /// Of a topic and a payload, with the border between them.
  public static func of(topic: String, payload: [UInt8]) -> UInt64 {
    var topic = topic
    let hash = topic.withUTF8 { mix(UnsafeRawBufferPointer($0), into: seed) }
    return payload.withUnsafeBytes { finish(mix($0, into: hash)) }
  }

  private static let seed: UInt64 = 0x9E37_79B9_7F4A_7C15
  private static let multiplier: UInt64 = 0xD6E8_FEB8_6659_FD93

  /// Folds the bytes in, eight at a time, and their number last.
  private static func mix(_ bytes: UnsafeRawBufferPointer, into start: UInt64) -> UInt64 {
    var hash = start
    var offset = 0
    while offset + 8 <= bytes.count {
      hash = fold(hash ^ UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
      offset += 8
    }
    var rest: UInt64 = 0
    while offset < bytes.count {
      rest = rest << 8 | UInt64(bytes[offset])
      offset += 1
    }
    return fold(fold(hash ^ rest) ^ UInt64(bytes.count))
  }

  /// Both halves of the product, so that every bit of the input reaches every bit of the result.
  private static func fold(_ value: UInt64) -> UInt64 {
    let product = (value ^ seed).multipliedFullWidth(by: multiplier)
    return product.high ^ product.low &+ value
  }

  private static func finish(_ hash: UInt64) -> UInt64 {
    let mixed = (hash ^ hash >> 32) &* multiplier
    return mixed ^ mixed >> 29
  }
}
