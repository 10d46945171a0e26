import Journal

/// The `seq` of each topic: it counts the topic's messages by one across restarts, so that a gap shows a loss.
struct TopicSequences: Sendable, Equatable {
  private struct Count: Sendable, Equatable {
    var last: UInt64 = 0
    /// The journal has it, or is about to.
    var isWritten = true
  }

  private var counts: [String: Count]
  /// The topics whose number has moved since the journal was told.
  private var moved: [String] = []

  /// - Parameter last: by topic level of the contact, what was used before.
  init(last: [String: UInt64] = [:]) {
    counts = last.mapValues { Count(last: $0) }
  }

  /// The next number of a contact's topic. It has to be written in the same commit as the message that carries it.
  mutating func next(_ level: String) -> UInt64 {
    func advance(_ count: inout Count) -> (number: UInt64, hasMoved: Bool) {
      defer { count.isWritten = false }
      count.last += 1
      return (count.last, count.isWritten)
    }
    let (number, hasMoved) = advance(&counts[level, default: Count()])
    if hasMoved { moved.append(level) }
    return number
  }

  /// What the journal has to take note of, in the commit of the messages that were numbered: of each topic the last number.
  mutating func takeOperations(keys: AccountKeys) -> [JournalOperation] {
    guard !moved.isEmpty else { return [] }
    defer { moved.removeAll(keepingCapacity: true) }
    return moved.map { level in
      counts[level]?.isWritten = true
      return .set(key: keys.sequence(level), Self.bytes(counts[level]?.last ?? 0))
    }
  }

  /// A number as the journal keeps it: eight bytes, the highest first.
  static func bytes(_ number: UInt64) -> [UInt8] {
    withUnsafeBytes(of: number.bigEndian) { Array($0) }
  }

  /// Reads a number back; nil if these are not eight bytes.
  static func number(_ bytes: [UInt8]) -> UInt64? {
    bytes.count == 8 ? bytes.reduce(0) { $0 << 8 | UInt64($1) } : nil
  }
}
