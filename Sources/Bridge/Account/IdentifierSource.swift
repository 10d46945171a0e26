/// Stanza ids that no other run of the bridge gives: a random prefix drawn once, and a count.
struct IdentifierSource: Sendable, Equatable {
  private let prefix: String
  private var count: UInt64 = 0

  /// - Parameter seed: random bits, drawn at start.
  init(seed: UInt64) {
    prefix = String(seed, radix: 36) + "-"
  }

  /// The next id.
  mutating func next() -> String {
    count += 1
    return prefix + String(count, radix: 36)
  }
}
