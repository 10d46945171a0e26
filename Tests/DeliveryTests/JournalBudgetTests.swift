import Delivery
import Testing

@Suite("JournalBudget")
struct JournalBudgetTests {
  @Test("is full at the limit of messages and has room again at 90 %")
  func messages() {
    var budget = JournalBudget(maxMessages: 100, maxBytes: 1_000_000)
    #expect(budget.added(messages: 99, bytes: 99) == nil)
    #expect(budget.added(bytes: 1) == .filled)
    #expect(budget.added(bytes: 1) == nil && budget.isFull)
    #expect(budget.removed(messages: 10, bytes: 10) == nil && budget.isFull)
    #expect(budget.removed(bytes: 1) == .hasRoom)
    #expect(!budget.isFull && budget.messages == 90 && budget.bytes == 90)
    #expect(budget.removed(bytes: 1) == nil)
  }

  @Test("is full at the limit of bytes; both must be down for room")
  func bytes() {
    var budget = JournalBudget(maxMessages: 10, maxBytes: 1_000)
    #expect(budget.added(messages: 10, bytes: 1_000) == .filled)
    #expect(budget.removed(messages: 0, bytes: 500) == nil)
    #expect(budget.removed(messages: 1, bytes: 0) == .hasRoom)
    #expect(budget.added(messages: 0, bytes: 500) == .filled)
  }

  @Test("starts full with what was found")
  func recovered() {
    var budget = JournalBudget(maxMessages: 10, maxBytes: 1_000, messages: 12, bytes: 100)
    #expect(budget.isFull)
    #expect(budget.removed(messages: 12, bytes: 100) == .hasRoom)
  }

  @Test("has room when empty, however small the limits")
  func tiny() {
    var budget = JournalBudget(maxMessages: 0, maxBytes: 0)
    #expect(!budget.isFull)
    #expect(budget.added(bytes: 7) == .filled)
    #expect(budget.removed(bytes: 7) == .hasRoom)
  }
}
