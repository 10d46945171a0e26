import NIOCore
import NIOEmbedded
import Testing

@testable import XMPPClient

@Suite struct DeadlineTimerTests {
  /// A timer under a clock that stands still until it is moved.
  private final class Desk {
    let eventLoop = EmbeddedEventLoop()
    var now = Duration.milliseconds(100_500)
    var passed: [Duration] = []
    private(set) lazy var timer = DeadlineTimer(eventLoop: eventLoop, clock: { [unowned self] in now }) {
      [unowned self] in
      passed.append(now)
    }

    /// Lets time go by in steps, so that a timer sees the time at which it fires.
    func goOn(to end: Duration) {
      while now < end {
        now += .milliseconds(100)
        eventLoop.advanceTime(by: .milliseconds(100))
      }
    }
  }

  @Test func nearDeadlinePassesOnceAndToThePoint() {
    let desk = Desk()
    desk.timer.set(.milliseconds(102_500))
    desk.goOn(to: .seconds(120))
    #expect(desk.passed == [.milliseconds(102_500)])
  }

  @Test func deadlineThatMovesAwayPassesWhereItIsInTheEnd() {
    let desk = Desk()
    desk.timer.set(.milliseconds(102_500))
    desk.goOn(to: .milliseconds(102_000))
    desk.timer.set(.milliseconds(104_700))
    desk.goOn(to: .seconds(120))
    #expect(desk.passed == [.milliseconds(104_700)])
  }

  @Test func deadlineThatComesNearerPassesEarlier() {
    let desk = Desk()
    desk.timer.set(.milliseconds(108_000))
    desk.timer.set(.milliseconds(101_000))
    desk.goOn(to: .seconds(120))
    #expect(desk.passed == [.milliseconds(101_000)])
  }

  @Test func deadlineThatIsNoneAnyMoreDoesNotPass() {
    let desk = Desk()
    desk.timer.set(.milliseconds(102_000))
    desk.timer.set(nil)
    desk.goOn(to: .seconds(110))
    desk.timer.set(.milliseconds(112_000))
    desk.timer.cancel()
    desk.goOn(to: .seconds(120))
    #expect(desk.passed.isEmpty)
  }

  @Test func farDeadlinePassesOnTheNextWholeSecond() {
    let desk = Desk()
    desk.timer.set(.milliseconds(130_300))
    desk.goOn(to: .seconds(150))
    #expect(desk.passed == [.seconds(131)])
    desk.timer.set(.seconds(180))
    desk.goOn(to: .seconds(200))
    #expect(desk.passed == [.seconds(131), .seconds(180)])
  }

  @Test func deadlinesOfAllDistancesTakeTurns() {
    let desk = Desk()
    desk.timer.set(.milliseconds(130_300))
    desk.timer.set(.milliseconds(102_000))
    desk.timer.set(.milliseconds(100_800))
    desk.goOn(to: .seconds(101))
    #expect(desk.passed == [.milliseconds(100_800)])
    // What stands from before passes only for the deadline that there is now.
    desk.timer.set(.milliseconds(103_500))
    desk.goOn(to: .seconds(105))
    #expect(desk.passed == [.milliseconds(100_800), .milliseconds(103_500)])
    desk.timer.set(.milliseconds(130_300))
    desk.goOn(to: .seconds(150))
    #expect(desk.passed == [.milliseconds(100_800), .milliseconds(103_500), .seconds(131)])
  }
}
