import TestSupport
import Testing

struct MessageAuditTests {
  @Test("finds nothing wrong with a perfect run")
  func perfect() {
    var audit = MessageAudit("a", count: 5)
    audit.record(contentsOf: audit.bodies)
    #expect(audit.isPerfect)
  }

  @Test("tells lost, doubled and disordered messages apart")
  func faults() {
    var audit = MessageAudit("a", count: 6)
    audit.record(contentsOf: [0, 1, 3, 3, 2, 5, 1].map(audit.body))
    audit.record("SEQ=4 RUN=other")
    #expect(audit.lost == [4])
    #expect(audit.doubled == [3, 1])
    #expect(audit.outOfOrder == [2])
    #expect(audit.foreign.count == 1)
    #expect(!audit.isPerfect)
  }

  @Test("calls a changed body foreign")
  func changed() {
    var audit = MessageAudit("a", count: 1)
    audit.record(audit.body(0).dropLast() + "?")
    #expect(audit.foreign.count == 1 && audit.lost == [0])
  }

  @Test("tells the longest gap between arrivals, also when another witness counts them")
  func gaps() {
    var audit = MessageAudit("a", count: 4)
    let start = ContinuousClock.now
    for (number, seconds) in [0, 1, 4, 5].enumerated() {
      audit.record(audit.body(number), at: start.advanced(by: .seconds(seconds)))
    }
    #expect(audit.longestGap == .seconds(3))
    audit.recount([0, 1, 2].map(audit.body))
    #expect(audit.longestGap == .seconds(3))
  }

  @Test("calls nothing lost that one of two witnesses has seen")
  func witnesses() {
    var audit = MessageAudit("a", count: 4)
    audit.record(contentsOf: [0, 1].map(audit.body))
    audit.recount([1, 2].map(audit.body))
    #expect(audit.lost == [3] && audit.unwitnessed == [0])
    #expect(audit.doubled.isEmpty && audit.outOfOrder.isEmpty)
  }

  @Test("repeats random numbers for a seed")
  func seeds() {
    var (one, other) = (SeededGenerator(seed: 42), SeededGenerator(seed: 42))
    #expect((0..<10).map { _ in one.next() } == (0..<10).map { _ in other.next() })
  }
}
