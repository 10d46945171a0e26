import TestSupport
import Testing

@testable import Delivery

@Suite("SpoolWindow")
struct SpoolWindowTests {
  private func rows(_ sequences: ClosedRange<Int>) -> [(sequence: UInt64, bytes: Int, element: Int)] {
    sequences.map { (UInt64($0), 1, $0) }
  }

  @Test("keeps what fits and spills what comes after, by count")
  func spillsByCount() {
    var window = SpoolWindow<Int>(maxCount: 2, maxBytes: 100)
    #expect(window.append(1, sequence: 1, bytes: 1) == true)
    #expect(window.append(2, sequence: 5, bytes: 1) == true)
    #expect(window.append(3, sequence: 6, bytes: 1) == false)
    #expect(window.hasSpilled && window.count == 2 && window.bytes == 2)
    #expect(window.take(1) == [1])
    #expect(window.append(4, sequence: 7, bytes: 1) == false, "a row may not overtake one that is in the journal only")
    #expect(window.take(9) == [2])
    #expect(!window.isEmpty && window.first == nil)
  }

  @Test("keeps what fits and spills what comes after, by bytes; one row always fits")
  func spillsByBytes() {
    var window = SpoolWindow<Int>(maxCount: 100, maxBytes: 10)
    #expect(window.append(1, sequence: 1, bytes: 1000) == true)
    #expect(window.append(2, sequence: 2, bytes: 1) == false)
    #expect(window.nextLoad() == nil)
    #expect(window.popFirst()?.sequence == 1)
    #expect(window.nextLoad() == .init(id: 1, after: 1, limit: 100, maxBytes: 10))
  }

  @Test("asks for the missing rows once half of the room is free, once at a time")
  func asksForRows() {
    var window = SpoolWindow<Int>(maxCount: 4, maxBytes: 100)
    for number in 1...6 { window.append(number, sequence: UInt64(number), bytes: 1) }
    _ = window.take(1)
    #expect(window.nextLoad() == nil)
    _ = window.take(1)
    #expect(window.nextLoad() == .init(id: 1, after: 4, limit: 2, maxBytes: 98))
    #expect(window.nextLoad() == nil)
    window.loaded(1, rows: rows(5...6), reachedEnd: false)
    #expect(!window.hasSpilled)
    #expect(window.take(9) == [3, 4, 5, 6])
    #expect(window.isEmpty)
  }

  @Test("a row committed while a load is under way is missing until a later load brings it")
  func appendDuringLoad() {
    var window = SpoolWindow<Int>(maxCount: 4, maxBytes: 100, after: 0, newest: 2)
    let load = window.nextLoad()
    #expect(load?.after == 0)
    window.append(3, sequence: 3, bytes: 1)
    window.loaded(1, rows: rows(1...2), reachedEnd: true)
    #expect(window.hasSpilled)
    _ = window.take(1)
    #expect(window.nextLoad()?.after == 2)
    window.loaded(2, rows: rows(3...3), reachedEnd: true)
    #expect(window.take(9) == [2, 3])
    #expect(window.isEmpty)
  }

  @Test("a row that a load brought before its commit was told counts once")
  func loadOvertakesCommit() {
    var window = SpoolWindow<Int>(maxCount: 4, maxBytes: 100, after: 0, newest: 1)
    _ = window.nextLoad()
    window.loaded(1, rows: rows(1...2), reachedEnd: true)
    #expect(window.append(2, sequence: 2, bytes: 1) == false)
    #expect(window.take(9) == [1, 2])
    #expect(window.append(3, sequence: 3, bytes: 1) == true)
  }

  @Test("rows that have been removed from the journal are not waited for")
  func removedRows() {
    var window = SpoolWindow<Int>(maxCount: 4, maxBytes: 100, after: 0, newest: 9)
    _ = window.nextLoad()
    window.loaded(1, rows: [], reachedEnd: true)
    #expect(window.isEmpty)
  }

  @Test("after a rewind the answer to an earlier load is ignored, and everything behind the point comes again")
  func rewind() {
    var window = SpoolWindow<Int>(maxCount: 2, maxBytes: 100)
    for number in 1...4 { window.append(number, sequence: UInt64(number), bytes: 1) }
    _ = window.take(2)
    _ = window.nextLoad()
    window.rewind(to: 1)
    window.loaded(1, rows: rows(3...4), reachedEnd: true)
    #expect(window.count == 0)
    #expect(window.nextLoad() == .init(id: 2, after: 1, limit: 2, maxBytes: 100))
    window.loaded(2, rows: rows(2...3), reachedEnd: false)
    #expect(window.take(2) == [2, 3])
    #expect(window.nextLoad()?.after == 3)
  }

  @Test("a load that failed may be asked for again")
  func failedLoad() {
    var window = SpoolWindow<Int>(maxCount: 2, maxBytes: 100, after: 0, newest: 1)
    #expect(window.nextLoad()?.id == 1)
    window.loadFailed(1)
    #expect(window.nextLoad()?.id == 2)
  }

  @Test("takes only what is wanted")
  func conditionalTake() {
    var window = SpoolWindow<Int>(maxCount: 8, maxBytes: 100)
    for number in 1...4 { window.append(number, sequence: UInt64(number), bytes: 1) }
    #expect(window.take(9) { $0 < 3 } == [1, 2])
    #expect(window.bytes == 2)
  }

  /// A journal thread in small: what is submitted is committed and answered later, in order.
  private struct SlowJournal {
    enum Job {
      case append(UInt64)
      case load(SpoolWindow<UInt64>.Load)
    }
    enum Answer {
      case committed(UInt64)
      case loaded(id: UInt64, rows: [UInt64], reachedEnd: Bool)
    }
    var jobs: [Job] = []
    var rows: [UInt64] = []
    var answers: [Answer] = []

    /// Commits every append that waits, then serves the loads: a group commit.
    mutating func work(on count: Int) {
      let group = jobs.prefix(count)
      jobs.removeFirst(group.count)
      for case .append(let sequence) in group {
        rows.append(sequence)
        answers.append(.committed(sequence))
      }
      for case .load(let load) in group {
        let later = rows.filter { $0 > load.after }
        answers.append(
          .loaded(id: load.id, rows: Array(later.prefix(load.limit)), reachedEnd: later.count <= load.limit))
      }
    }
  }

  @Test("hands out every row once and in order, whatever overtakes what", arguments: 0..<8)
  func randomHistories(block: UInt64) {
    for seed in (block * 100)..<(block * 100 + 100) {
      var random = SeededGenerator(seed: seed)
      let maxCount = Int.random(in: 2...8, using: &random)
      var journal = SlowJournal()
      var window = SpoolWindow<UInt64>(maxCount: maxCount, maxBytes: 1000)
      var sequence: UInt64 = 0
      var submitted: [UInt64] = []
      var taken: [UInt64] = []

      for step in 0..<600 {
        let isDraining = step > 400
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<35 where !isDraining:
          sequence += UInt64.random(in: 1...3, using: &random)
          submitted.append(sequence)
          journal.jobs.append(.append(sequence))
        case 0..<60:
          journal.work(on: Int.random(in: 1...5, using: &random))
        case 60..<85:
          for _ in 0..<Int.random(in: 1...3, using: &random) where !journal.answers.isEmpty {
            switch journal.answers.removeFirst() {
            case .committed(let sequence): window.append(sequence, sequence: sequence, bytes: 8)
            case .loaded(let id, let rows, let reachedEnd):
              if random.chance(10) {
                window.loadFailed(id)
              } else {
                window.loaded(id, rows: rows.map { ($0, 8, $0) }, reachedEnd: reachedEnd)
              }
            }
          }
        case 85..<86 where !isDraining:
          // The session is lost: everything after some point goes out again.
          let kept = Int.random(in: 0...taken.count, using: &random)
          taken.removeLast(taken.count - kept)
          window.rewind(to: taken.last ?? 0)
        default:
          taken += window.take(Int.random(in: 1...4, using: &random))
        }
        if let load = window.nextLoad() { journal.jobs.append(.load(load)) }
        if window.count > maxCount { Issue.record("more than the bound is in memory") }
      }
      while taken.count < submitted.count {
        let before = taken.count
        journal.work(on: .max)
        while !journal.answers.isEmpty {
          switch journal.answers.removeFirst() {
          case .committed(let sequence): window.append(sequence, sequence: sequence, bytes: 8)
          case .loaded(let id, let rows, let reachedEnd):
            window.loaded(id, rows: rows.map { ($0, 8, $0) }, reachedEnd: reachedEnd)
          }
        }
        taken += window.take(.max)
        if let load = window.nextLoad() { journal.jobs.append(.load(load)) } else if taken.count == before { break }
      }
      #expect(taken == submitted)
      #expect(window.isEmpty)
    }
  }
}
