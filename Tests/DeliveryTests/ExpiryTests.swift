import Delivery
import Testing

@Suite("Expiry")
struct ExpiryTests {
  private let week = Expiry(after: .seconds(7 * 86_400))

  @Test("a message expires when its age is reached, not before")
  func age() {
    #expect(!week.hasExpired(time: 1_000, wallClock: 1_000 + 604_800_000 - 1))
    #expect(week.hasExpired(time: 1_000, wallClock: 1_000 + 604_800_000))
    #expect(week.moment(time: 1_000) == 604_801_000)
  }

  @Test("the sender's shorter limit counts, a longer one does not")
  func lifetime() {
    #expect(week.moment(time: 0, lifetime: .milliseconds(1_500)) == 1_500)
    #expect(week.moment(time: 0, lifetime: .seconds(30 * 86_400)) == 604_800_000)
  }

  @Test("without limits nothing expires")
  func never() {
    #expect(Expiry(after: nil).moment(time: 0) == nil)
    #expect(!Expiry(after: nil).hasExpired(time: .min, wallClock: .max))
    #expect(Expiry(after: nil).hasExpired(time: 0, lifetime: .zero, wallClock: 0))
  }

  @Test("a message from the future, or a limit beyond all time, does not expire")
  func extremes() {
    #expect(!week.hasExpired(time: 5_000, wallClock: 0))
    #expect(!Expiry(after: .seconds(Int64.max)).hasExpired(time: 5_000, wallClock: .max))
  }
}
