internal import HeapModule

/// When each of many wants to be asked again. What there is to do about one costs the same however many there are, but for
/// a logarithm.
public struct DeadlineQueue: Sendable {
  private struct Entry: Sendable, Comparable {
    var deadline: Duration
    var number: UInt32

    static func < (left: Entry, right: Entry) -> Bool {
      (left.deadline, left.number) < (right.deadline, right.number)
    }
  }

  private var deadlines: [UInt32: Duration] = [:]
  /// May hold deadlines that were changed since: those are dropped when their time comes.
  private var heap = Heap<Entry>()

  /// Nobody wants anything.
  public init() {}

  /// Changes when somebody wants to be asked; nil: not at all.
  public mutating func set(_ number: UInt32, _ deadline: Duration?) {
    guard deadlines[number] != deadline else { return }
    deadlines[number] = deadline
    if let deadline { heap.insert(Entry(deadline: deadline, number: number)) }
  }

  /// The earliest deadline.
  public var first: Duration? {
    mutating get {
      while let entry = heap.min, deadlines[entry.number] != entry.deadline { heap.removeMin() }
      return heap.min?.deadline
    }
  }

  /// Takes out one whose time has come.
  public mutating func popDue(now: Duration) -> UInt32? {
    guard let first, first <= now, let entry = heap.popMin() else { return nil }
    deadlines[entry.number] = nil
    return entry.number
  }
}
