import Journal

/// The `seq` of each topic: it counts the topic's messages by one across restarts, so that a gap shows a loss.
struct TopicSequences: Sendable, Equatable {
  private struct Count: Sendable, Equatable {
    /// The name under which the journal has it.
    let key: String
    var last: UInt64
    /// The journal has it, or is about to.
    var isWritten = true
  }

  private let keys: AccountKeys
  private var counts: [Count] = []
  /// Where the counts are, by topic level of the contact.
  private var places: [String: Int] = [:]
  /// Those that have moved since the journal was told.
  private var moved: [Int] = []

  /// - Parameter last: by topic level of the contact, what was used before.
  init(keys: AccountKeys, last: [String: UInt64] = [:]) {
    self.keys = keys
    for (level, number) in last { _ = add(level, last: number) }
  }

  private mutating func add(_ level: String, last: UInt64 = 0) -> Int {
    counts.append(Count(key: keys.sequence(level), last: last))
    places[level] = counts.count - 1
    return counts.count - 1
  }

  /// The next number of a contact's topic. It has to be written in the same commit as the message that carries it.
  mutating func next(_ level: String) -> UInt64 {
    let place = places[level] ?? add(level)
    if counts[place].isWritten { moved.append(place) }
    counts[place].isWritten = false
    counts[place].last += 1
    return counts[place].last
  }

  /// What the journal has to take note of, in the commit of the messages that were numbered: of each topic the last number.
  mutating func takeOperations() -> [JournalOperation] {
    guard !moved.isEmpty else { return [] }
    defer { moved.removeAll(keepingCapacity: true) }
    return moved.map { place in
      counts[place].isWritten = true
      return .set(key: counts[place].key, Self.bytes(counts[place].last))
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
