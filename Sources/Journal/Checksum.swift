/// A running checksum over records, each of which goes on from the one before.
///
/// Two sums that feed each other, as SQLite has them for the frames of its log, over words of 64 bits: it tells what was torn or
/// left over, and is no defence against anybody.
struct Checksum: Equatable {
  private var first: UInt64 = 0x9e37_79b9_7f4a_7c15
  private var second: UInt64 = 0xc2b2_ae3d_27d4_eb4f

  /// What is written beside a record.
  var value: UInt64 { first ^ (second << 32 | second >> 32) }

  /// The checksum behind these bytes, and their number.
  func adding(_ bytes: ArraySlice<UInt8>) -> Checksum {
    unsafe bytes.withUnsafeBytes { unsafe adding($0) }
  }

  /// The same of bytes that are lent.
  @unsafe
  func adding(_ bytes: UnsafeRawBufferPointer) -> Checksum {
    var next = self
    next.add(UInt64(bytes.count))
    let words = bytes.count / 8
    for index in 0..<words {
      next.add(UInt64(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self)))
    }
    var last: UInt64 = 0
    for index in (words * 8)..<bytes.count { last = last << 8 | UInt64(unsafe bytes[index]) }
    next.add(last)
    return next
  }

  private mutating func add(_ word: UInt64) {
    first = first &+ word &+ second
    // Rotated, so that the upper bits reach the lower ones.
    second = (second << 23 | second >> 41) &+ first
  }
}
