/// What has arrived at the far end, as far as it matters: how often each message, and whether any came before its turn.
struct Arrivals: Hashable {
  private(set) var counts: [Int]
  private(set) var isOutOfOrder = false

  init(of messages: Int) { counts = [Int](repeating: 0, count: messages) }

  mutating func add(_ message: Int) {
    if counts[..<message].contains(0) { isOutOfOrder = true }
    counts[message] += 1
  }

  func contains(_ message: Int) -> Bool { counts[message] > 0 }

  var isComplete: Bool { !counts.contains(0) }
}
