/// What was said in one direction, what became of it, and what might.
struct Course {
  /// What was said, in order, with the contact that it came from or went to.
  private(set) var said: [(name: String, contact: String)] = []
  /// How often each arrived.
  private(set) var arrivals: [String: Int] = [:]
  /// What arrived for the first time, in order.
  private var firsts: [String] = []
  /// How often more than once it may arrive, given what has happened.
  private var allowance: [String: Int] = [:]
  private var handed: Set<String> = []
  /// What may never arrive.
  private var expendable: [String: Int] = [:]
  /// How often each was said.
  private var counts: [String: Int] = [:]

  mutating func say(_ name: String, contact: String) {
    said.append((name, contact))
    counts[name, default: 0] += 1
  }

  /// Something arrived; returns what is wrong with that.
  mutating func arrive(_ name: String) -> String? {
    let count = arrivals[name, default: 0] + 1
    arrivals[name] = count
    if count == 1 { firsts.append(name) }
    guard let said = counts[name] else { return "\(name) arrived, which nobody said" }
    guard count <= said + allowance[name, default: 0] else { return "\(name) arrived \(count) times" }
    return nil
  }

  func hasArrived(_ name: String) -> Bool { arrivals[name] != nil }

  /// The bridge has handed it over, and it may be on its way.
  mutating func handOver(_ name: String) { handed.insert(name) }

  /// Everything that was said.
  var names: [String] { counts.keys.sorted() }

  func isRepeated(_ name: String) -> Bool { counts[name, default: 0] > 1 }

  func wasHandedOver(_ name: String) -> Bool { handed.contains(name) }

  /// It may arrive once more.
  mutating func allowAgain(_ name: String) { allowance[name, default: 0] += 1 }

  /// It need not arrive any more.
  mutating func allowLoss(_ name: String) { expendable[name, default: 0] += 1 }

  /// What has not arrived and should have.
  var missing: [String] {
    counts.filter { arrivals[$0.key, default: 0] + expendable[$0.key, default: 0] < $0.value }.keys.sorted()
  }

  /// What is wrong in the end.
  func fault() -> String? {
    if let lost = missing.first { return "\(lost) was lost" }
    for contact in Set(said.map(\.contact)) {
      // What need not arrive any more comes out of its turn if it comes: from the archive, to a bridge without a memory.
      var order = said.filter { $0.contact == contact && hasArrived($0.name) && expendable[$0.name] == nil }.map(\.name)
      // What is said twice is said twice in a row.
      order = order.indices.filter { $0 == 0 || order[$0] != order[$0 - 1] }.map { order[$0] }
      let arrived = firsts.filter(order.contains)
      if order != arrived { return "\(contact): \(order) arrived as \(arrived)" }
    }
    return nil
  }
}
