import Glibc

/// Strings that come again and again, kept so that a repetition costs a comparison and no allocation.
struct StringCache {
  private var slots = [String](repeating: "", count: 64)

  /// The text of these bytes. What is no UTF-8, which brokers do not deliver, is repaired.
  mutating func string(_ bytes: UnsafeRawBufferPointer) -> String {
    var hash: UInt32 = 2_166_136_261
    for index in bytes.indices { hash = unsafe (hash ^ UInt32(bytes[index])) &* 16_777_619 }
    let slot = Int((hash ^ hash >> 16) & 63)
    let isHit = unsafe slots[slot].utf8.withContiguousStorageIfAvailable { cached in
      unsafe cached.count == bytes.count
        && (bytes.isEmpty || memcmp(cached.baseAddress!, bytes.baseAddress!, bytes.count) == 0)
    }
    if isHit == true { return slots[slot] }
    let text = unsafe String(decoding: bytes, as: UTF8.self)
    slots[slot] = text
    return text
  }
}
