/// What happened in many runs: shows that they are worth something.
struct Tally {
  private(set) var counts: [String: Int] = [:]

  subscript(what: String) -> Int { counts[what, default: 0] }

  mutating func add(_ what: String) { counts[what, default: 0] += 1 }

  mutating func add(_ other: Tally) { counts.merge(other.counts) { $0 + $1 } }
}
