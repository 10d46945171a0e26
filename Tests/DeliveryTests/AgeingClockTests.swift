import Testing

@testable import Delivery

@Suite("AgeingClock")
struct AgeingClockTests {
  private static let day: Int64 = 86_400_000
  private static let start: Int64 = 1_795_356_000_000

  /// Looks at the clocks so many seconds after the start, with the wall clock set by `set` milliseconds.
  private func look(_ clock: inout AgeingClock, after seconds: Int64, set: Int64 = 0, next: UInt64) {
    clock.look(now: .seconds(500 + seconds), wallClock: Self.start + seconds * 1_000 + set, next: next)
  }

  @Test("a clock that nobody sets is the wall clock")
  func undisturbed() {
    var clock = AgeingClock()
    for second in 0..<1_000 { look(&clock, after: Int64(second), next: UInt64(second + 1)) }
    #expect(clock.wallClock(42, since: 1) == 42)
  }

  @Test("what waited while the clock was set ages as if it had not been", arguments: [10 * day, -10 * day, 61_000])
  func set(by step: Int64) {
    var clock = AgeingClock()
    look(&clock, after: 0, next: 5)
    look(&clock, after: 60, set: step, next: 7)
    let wallClock = Self.start + 100_000 + step
    #expect(clock.wallClock(wallClock, since: 4) == Self.start + 100_000)
    #expect(clock.wallClock(wallClock, since: 6) == Self.start + 100_000)
    // Accepted by the clock as it is now.
    #expect(clock.wallClock(wallClock, since: 7) == wallClock)
  }

  @Test("a clock that is set twice is corrected by what each message has seen of it")
  func setTwice() {
    var clock = AgeingClock()
    look(&clock, after: 0, next: 1)
    look(&clock, after: 1, set: 30 * Self.day, next: 10)
    look(&clock, after: 2, set: 0, next: 20)
    let wallClock = Self.start + 3_000
    #expect(clock.wallClock(wallClock, since: 5) == wallClock)
    #expect(clock.wallClock(wallClock, since: 15) == wallClock + 30 * Self.day)
    #expect(clock.wallClock(wallClock, since: 25) == wallClock)
  }

  @Test("slow corrections are followed, and count as a step once they have come to a minute")
  func drift() {
    var clock = AgeingClock()
    look(&clock, after: 0, next: 1)
    for minute in 1...60 as ClosedRange<Int64> { look(&clock, after: minute * 60, set: minute * 1_000, next: 2) }
    #expect(clock.wallClock(0, since: 1) == 0)
    look(&clock, after: 61 * 60, set: 61_000, next: 2)
    #expect(clock.wallClock(0, since: 1) == -61_000)
  }

  @Test("a clock that is set all the time costs no more than one that is set often")
  func bounded() {
    var clock = AgeingClock()
    look(&clock, after: 0, next: 1)
    for number in 1...1_000 as ClosedRange<Int64> {
      look(&clock, after: number, set: number * Self.day, next: UInt64(number) + 1)
    }
    let wallClock = Self.start + 1_000 * Self.day
    #expect(clock.wallClock(wallClock, since: 1) == Self.start)
    #expect(clock.wallClock(wallClock, since: 1_000) == wallClock - Self.day)
    #expect(clock.wallClock(wallClock, since: 1_001) == wallClock)
  }

  @Test("absurd times do not end the process")
  func absurd() {
    var clock = AgeingClock()
    for wallClock in [Int64.min, .max, 0, .max, .min] {
      clock.look(now: .seconds(Int64.max / 2), wallClock: wallClock, next: 1)
      _ = clock.wallClock(wallClock, since: 0)
    }
    clock.look(now: .zero, wallClock: 0, next: 1)
    #expect(clock.wallClock(7, since: 1) == 7)
  }
}
