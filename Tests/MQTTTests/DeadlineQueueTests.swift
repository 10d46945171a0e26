import Testing

@testable import MQTT

@Suite struct DeadlineQueueTests {
  @Test func givesEachOnceInTheOrderOfTheirTimes() {
    var queue = DeadlineQueue()
    queue.set(1, .seconds(3))
    queue.set(2, .seconds(1))
    queue.set(3, .seconds(2))
    #expect(queue.first == .seconds(1))
    #expect(due(&queue, .milliseconds(999)) == [])
    #expect(due(&queue, .seconds(2)) == [2, 3])
    #expect(due(&queue, .seconds(2)) == [])
    #expect(queue.first == .seconds(3))
  }

  @Test func theLastWordCounts() {
    var queue = DeadlineQueue()
    queue.set(1, .seconds(1))
    queue.set(1, .seconds(5))
    queue.set(2, .seconds(4))
    queue.set(2, nil)
    queue.set(3, .seconds(9))
    queue.set(3, .seconds(2))
    #expect(queue.first == .seconds(2))
    #expect(due(&queue, .seconds(4)) == [3])
    #expect(queue.first == .seconds(5))
    #expect(due(&queue, .seconds(10)) == [1])
    #expect(queue.first == nil)
  }

  @Test func whoComesBackToAnEarlierWordIsAskedOnce() {
    var queue = DeadlineQueue()
    queue.set(1, .seconds(1))
    queue.set(1, .seconds(2))
    queue.set(1, .seconds(1))
    #expect(due(&queue, .seconds(9)) == [1])
  }

  private func due(_ queue: inout DeadlineQueue, _ now: Duration) -> [UInt32] {
    var numbers: [UInt32] = []
    while let number = queue.popDue(now: now) { numbers.append(number) }
    return numbers
  }
}
