/// What is going to happen: each thing at its time, things of one time in the order in which they were put down.
struct Agenda {
  private struct Entry {
    var time: Duration
    var body: () -> Void
  }

  /// The next one last.
  private var entries: [Entry] = []

  mutating func add(at time: Duration, _ body: @escaping () -> Void) {
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].time > time { low = middle + 1 } else { high = middle }
    }
    entries.insert(Entry(time: time, body: body), at: low)
  }

  /// Takes out what comes next.
  mutating func popFirst() -> (time: Duration, body: () -> Void)? {
    entries.popLast().map { ($0.time, $0.body) }
  }

  /// Nothing will happen any more, and nothing is kept alive for it.
  mutating func removeAll() { entries = [] }
}
