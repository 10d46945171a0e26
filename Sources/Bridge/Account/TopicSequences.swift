/// The `seq` of each topic: it counts the topic's messages by one across restarts, so that a gap shows a loss.
struct TopicSequences: Sendable, Equatable {
  private var last: [String: UInt64]

  /// - Parameter last: by topic level of the contact, what was used before.
  init(last: [String: UInt64] = [:]) {
    self.last = last
  }

  /// The next number of a contact's topic. The caller writes it in the same commit as the message that carries it.
  mutating func next(_ level: String) -> UInt64 {
    let next = last[level, default: 0] + 1
    last[level] = next
    return next
  }

  /// A number as the journal keeps it: eight bytes, the highest first.
  static func bytes(_ number: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) }
  }

  /// Reads a number back; nil if these are not eight bytes.
  static func number(_ bytes: [UInt8]) -> UInt64? {
    bytes.count == 8 ? bytes.reduce(0) { $0 << 8 | UInt64($1) } : nil
  }
}
