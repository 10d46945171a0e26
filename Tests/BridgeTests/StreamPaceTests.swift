import TestSupport
import Testing

@testable import Bridge

@Suite struct StreamPaceTests {
  private static func turn(
    _ pace: inout StreamPace, at milliseconds: Double, stanzas: Int = 0, bytes: Int = 300, isCrowded: Bool = false
  ) -> StreamPace.Step? {
    pace.look(isCrowded: isCrowded, stanzas: stanzas, bytes: bytes, now: .milliseconds(milliseconds))
  }

  /// A stream whose fourth quick turn has just made it rest, at 0.5 ms.
  private static func busyPace() -> StreamPace {
    var pace = StreamPace()
    for index in 0..<4 { #expect(turn(&pace, at: Double(index) / 10, stanzas: 1) == nil) }
    #expect(turn(&pace, at: 0.5, stanzas: 1) == .rest)
    #expect(pace.deadline == .milliseconds(1.5))
    return pace
  }

  @Test func stanzasNowAndThenAreReadAtOnceAndSoAreShortBursts() {
    var pace = StreamPace()
    for (index, stanzas) in [1, 1, 2, 40, 1, 7].enumerated() {
      #expect(Self.turn(&pace, at: Double(index) * 5, stanzas: stanzas) == nil)
      #expect(Self.turn(&pace, at: Double(index) * 5 + 0.1, stanzas: 1) == nil)
      #expect(Self.turn(&pace, at: Double(index) * 5 + 0.2, stanzas: 1) == nil)
      #expect(pace.deadline == nil)
    }
  }

  @Test func aStreamOfQuickTurnsIsReadEveryMillisecond() {
    var pace = Self.busyPace()
    // What others bring in between changes nothing.
    #expect(Self.turn(&pace, at: 1) == nil)
    for start in [1.5, 2.625, 3.75] {
      #expect(Self.turn(&pace, at: start) == .read)
      #expect(pace.deadline == nil)
      #expect(Self.turn(&pace, at: start + 0.125, stanzas: 20) == .rest)
    }
    // Slower again: at once, and for a good while.
    #expect(Self.turn(&pace, at: 5) == .read)
    #expect(Self.turn(&pace, at: 5.125, stanzas: 11) == nil)
    for index in 1...67 { #expect(Self.turn(&pace, at: 5.125 + Double(index) / 8, stanzas: 1) == nil) }
    #expect(Self.turn(&pace, at: 13.625, stanzas: 1) == .rest)
  }

  @Test func whatHasGatheredByItselfIsNotHeldUp() {
    var pace = StreamPace()
    for index in 0..<9 { #expect(Self.turn(&pace, at: Double(index) / 10, stanzas: 200, bytes: 64 << 10) == nil) }
    var busy = Self.busyPace()
    #expect(Self.turn(&busy, at: 2.5) == .read)
    #expect(Self.turn(&busy, at: 2.6, stanzas: 200, bytes: 64 << 10) == nil)
    // The trickle behind it is held up again.
    #expect(Self.turn(&busy, at: 2.7, stanzas: 1) == .rest)
  }

  @Test func aCrowdedStreamIsReadInBurstsUntilThereIsRoom() {
    var pace = StreamPace()
    #expect(Self.turn(&pace, at: 0, stanzas: 200, bytes: 64 << 10, isCrowded: true) == .rest)
    #expect(pace.deadline == .milliseconds(50))
    #expect(Self.turn(&pace, at: 20, isCrowded: true) == nil)
    #expect(Self.turn(&pace, at: 50, isCrowded: true) == .readOnce)
    #expect(Self.turn(&pace, at: 51, stanzas: 200, isCrowded: true) == nil)
    #expect(pace.deadline == .milliseconds(100))
    #expect(Self.turn(&pace, at: 60) == .read)
    #expect(pace.deadline == nil)
  }

  @Test func crowdAndBusyTurnsTakeOverFromEachOther() {
    var pace = Self.busyPace()
    #expect(Self.turn(&pace, at: 1, isCrowded: true) == nil)
    #expect(pace.deadline == .milliseconds(51))
    #expect(Self.turn(&pace, at: 52, isCrowded: true) == .readOnce)
    #expect(Self.turn(&pace, at: 53, stanzas: 20, isCrowded: true) == nil)
    #expect(Self.turn(&pace, at: 54) == .read)
    #expect(Self.turn(&pace, at: 54.5, stanzas: 20, isCrowded: true) == .rest)
    #expect(pace.deadline == .milliseconds(104.5))
  }

  /// Whatever comes in whatever order, a stream that rests has a time at which it is read again, and is read then.
  @Test(arguments: 0..<200 as Range<UInt64>) func aStreamThatRestsIsReadAgain(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var pace = StreamPace()
    var (now, isResting, isRead, isCrowded) = (Duration.zero, false, false, false)
    for _ in 0..<500 {
      if let deadline = pace.deadline, Bool.random(using: &random) { now = max(now, deadline) }
      now += .microseconds([20, 100, 900, 3_000].randomElement(using: &random)!)
      if Int.random(in: 0..<20, using: &random) == 0 { isCrowded.toggle() }
      let isDue = pace.deadline.map { now >= $0 } ?? false
      let stanzas = isResting && !isRead ? 0 : [0, 1, 2, 9, 200].randomElement(using: &random)!
      let step = pace.look(isCrowded: isCrowded, stanzas: stanzas, bytes: stanzas * 300, now: now)
      switch step {
      case .rest:
        #expect(!isResting)
        (isResting, isRead) = (true, false)
      case .readOnce:
        #expect(isResting && isCrowded)
        isRead = true
      case .read:
        #expect(isResting && !isCrowded)
        isResting = false
      case nil: #expect(!(isResting && isDue && stanzas == 0) || pace.deadline! > now)
      }
      #expect(isResting == (pace.deadline != nil))
      #expect(pace.deadline.map { $0 - now <= (isCrowded ? StreamPace.crowdRest : StreamPace.busyRest) } ?? true)
    }
  }
}
