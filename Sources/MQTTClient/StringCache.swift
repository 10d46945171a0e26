import Glibc

/// Strings that come again and again, kept so that a repetition costs a comparison and no allocation.
struct StringCache {
  private static let size = 64
  /// Empty until the first string: most of thousands of connections may never see one.
  private var slots: [String] = []

  /// The text of these bytes. What is no UTF-8, which brokers do not deliver, is repaired.
  mutating func string(_ bytes: UnsafeRawBufferPointer) -> String {
    var hash: UInt32 = 2_166_136_261
    for index in bytes.indices { hash = unsafe (hash ^ UInt32(bytes[index])) &* 16_777_619 }
    let slot = Int((hash ^ hash >> 16) % UInt32(Self.size))
    if slots.isEmpty { slots = [String](repeating: "", count: Self.size) }
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
