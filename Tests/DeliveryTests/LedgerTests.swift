import Delivery
import Testing

@Suite("Ledger")
struct LedgerTests {
  private var ledger = Ledger(hold: .seconds(2), holdMessages: 4)

  private mutating func actions(at now: Duration) -> [Ledger.Action] {
    var actions: [Ledger.Action] = []
    while let action = ledger.nextAction(now: now) { actions.append(action) }
    return actions
  }

  private func position(_ number: UInt64) -> Ledger.Position { .init(rawValue: number) }

  @Test("releases a message once all its copies are confirmed")
  mutating func copies() {
    let message = ledger.append(copies: 2, now: .zero)
    ledger.confirmed(message, now: .zero)
    #expect(actions(at: .zero) == [])
    ledger.confirmed(message, now: .zero)
    #expect(actions(at: .zero) == [.release(upTo: 1)])
    #expect(ledger.unreleased == 0)
  }

  @Test("releases a prefix once, whatever the order of the confirmations")
  mutating func prefix() {
    let first = ledger.append(copies: 1, now: .zero)
    let second = ledger.append(copies: 1, now: .zero)
    let third = ledger.append(copies: 1, now: .zero)
    ledger.confirmed(third, now: .zero)
    ledger.confirmed(second, now: .zero)
    #expect(actions(at: .zero) == [])
    ledger.confirmed(first, now: .zero)
    #expect(actions(at: .zero) == [.release(upTo: 3)])
  }

  @Test("a message that maps to nothing waits only for those before it")
  mutating func nothingToDeliver() {
    let first = ledger.append(copies: 1, now: .zero)
    _ = ledger.append(copies: 0, now: .zero)
    #expect(actions(at: .zero) == [])
    ledger.confirmed(first, now: .zero)
    #expect(actions(at: .zero) == [.release(upTo: 2)])
    _ = ledger.append(copies: 0, now: .zero)
    #expect(actions(at: .zero) == [.release(upTo: 3)])
  }

  @Test("asks for nothing while messages are confirmed within hold")
  mutating func quiet() {
    for second in 0..<100 {
      let now = Duration.seconds(second * 10)
      let message = ledger.append(copies: 1, now: now)
      #expect(actions(at: now) == [])
      #expect(ledger.deadline == now + .seconds(2))
      ledger.confirmed(message, now: now + .milliseconds(1999))
      #expect(actions(at: now + .milliseconds(1999)) == [.release(upTo: UInt64(second) + 1)])
      #expect(ledger.deadline == nil)
    }
  }

  @Test("once hold has run out for the oldest message: pause, one sync of everything, release, resume")
  mutating func holdRunsOut() {
    _ = ledger.append(copies: 1, now: .zero)
    _ = ledger.append(copies: 1, now: .seconds(1))
    #expect(actions(at: .milliseconds(1999)) == [])
    #expect(ledger.deadline == .seconds(2))
    #expect(actions(at: .seconds(2)) == [.pause, .sync(upTo: position(2))])
    #expect(ledger.deadline == nil)
    #expect(actions(at: .seconds(60)) == [])
    ledger.synced(upTo: position(2), now: .zero)
    #expect(actions(at: .seconds(61)) == [.release(upTo: 2), .resume])
  }

  @Test("hold runs from the reading of what is now the oldest unsafe message")
  mutating func holdMovesOn() {
    let first = ledger.append(copies: 1, now: .zero)
    _ = ledger.append(copies: 1, now: .seconds(1))
    ledger.confirmed(first, now: .milliseconds(1500))
    #expect(actions(at: .milliseconds(1500)) == [.release(upTo: 1)])
    #expect(ledger.deadline == .seconds(3))
  }

  @Test("hold_messages unreleased ones are synced at once, confirmed ones behind an unsafe one included")
  mutating func pressure() {
    for _ in 0..<3 { _ = ledger.append(copies: 1, now: .zero) }
    #expect(actions(at: .zero) == [])
    let fourth = ledger.append(copies: 1, now: .zero)
    ledger.confirmed(fourth, now: .zero)
    #expect(actions(at: .zero) == [.pause, .sync(upTo: position(4))])
  }

  /// Two rounds: a sync takes 5 ms, an acknowledgement as long as it says.
  private mutating func learn(acknowledgement: Duration) {
    for position in 1...8 as ClosedRange<UInt64> {
      _ = ledger.append(copies: 1, now: .zero)
      guard position % 4 == 0 else { continue }
      _ = actions(at: .zero)
      for number in (position - 3)...position { ledger.confirmed(self.position(number), now: acknowledgement) }
      ledger.synced(upTo: self.position(position), now: .milliseconds(5))
      _ = actions(at: .milliseconds(5))
    }
  }

  @Test("hold_messages unreleased ones wait for an acknowledgement that usually comes before a sync would be done")
  mutating func patience() {
    learn(acknowledgement: .milliseconds(1))
    for _ in 0..<4 { _ = ledger.append(copies: 1, now: .seconds(1)) }
    #expect(actions(at: .seconds(1)) == [.pause])
    #expect(ledger.deadline == .milliseconds(1_005))
    for number in 9...12 as ClosedRange<UInt64> { ledger.confirmed(position(number), now: .milliseconds(1_001)) }
    #expect(actions(at: .milliseconds(1_001)) == [.release(upTo: 12), .resume])
    #expect(ledger.deadline == nil)
  }

  @Test("an acknowledgement that is usually prompt and does not come is waited for no longer than a sync takes")
  mutating func patienceEnds() {
    learn(acknowledgement: .milliseconds(1))
    for _ in 0..<4 { _ = ledger.append(copies: 1, now: .seconds(1)) }
    #expect(actions(at: .seconds(1)) == [.pause])
    #expect(actions(at: .milliseconds(1_004)) == [])
    #expect(actions(at: .milliseconds(1_005)) == [.sync(upTo: position(12))])
    ledger.synced(upTo: position(12), now: .milliseconds(1_010))
    #expect(actions(at: .milliseconds(1_010)) == [.release(upTo: 12), .resume])
    // It is overdue: nothing more is waited for.
    for _ in 0..<4 { _ = ledger.append(copies: 1, now: .milliseconds(1_011)) }
    #expect(actions(at: .milliseconds(1_011)) == [.pause, .sync(upTo: position(16))])
  }

  @Test("a session that goes down ends the patience")
  mutating func noPatienceWithoutASession() {
    learn(acknowledgement: .milliseconds(1))
    for _ in 0..<4 { _ = ledger.append(copies: 1, now: .seconds(1)) }
    #expect(actions(at: .seconds(1)) == [.pause])
    ledger.sessionDown()
    #expect(actions(at: .seconds(1)) == [.sync(upTo: position(12))])
  }

  @Test("acknowledgements slower than a sync are not waited for")
  mutating func slowAcknowledgements() {
    learn(acknowledgement: .milliseconds(50))
    for _ in 0..<4 { _ = ledger.append(copies: 1, now: .seconds(1)) }
    #expect(actions(at: .seconds(1)) == [.pause, .sync(upTo: position(12))])
  }

  @Test("a batch is synced once, however far it exceeds hold_messages")
  mutating func batch() {
    for _ in 0..<1000 { _ = ledger.append(copies: 1, now: .zero) }
    #expect(actions(at: .zero) == [.pause, .sync(upTo: position(1000))])
  }

  @Test("what comes while a sync is under way is synced after its answer, and reading goes on only then")
  mutating func secondSync() {
    for _ in 0..<4 { _ = ledger.append(copies: 1, now: .zero) }
    #expect(actions(at: .zero) == [.pause, .sync(upTo: position(4))])
    _ = ledger.append(copies: 1, now: .zero)
    #expect(actions(at: .zero) == [])
    ledger.synced(upTo: position(4), now: .zero)
    #expect(actions(at: .zero) == [.release(upTo: 4), .sync(upTo: position(5))])
    ledger.synced(upTo: position(5), now: .zero)
    #expect(actions(at: .zero) == [.release(upTo: 5), .resume])
  }

  @Test("reading goes on without the sync's answer if confirmations come first")
  mutating func confirmationsOvertakeSync() {
    let messages = (0..<4).map { _ in ledger.append(copies: 1, now: .zero) }
    _ = actions(at: .zero)
    for message in messages { ledger.confirmed(message, now: .zero) }
    #expect(actions(at: .zero) == [.release(upTo: 4), .resume])
    ledger.synced(upTo: position(4), now: .zero)
    #expect(actions(at: .zero) == [])
  }

  @Test("hold 0 syncs every batch at once")
  mutating func noHold() {
    ledger = Ledger(hold: .zero, holdMessages: 16)
    _ = ledger.append(copies: 1, now: .zero)
    #expect(actions(at: .zero) == [.pause, .sync(upTo: position(1))])
  }

  @Test("while the session is down every batch is synced at once")
  mutating func sessionDown() {
    _ = ledger.append(copies: 1, now: .zero)
    #expect(actions(at: .zero) == [])
    ledger.sessionDown()
    #expect(actions(at: .zero) == [.pause, .sync(upTo: position(1))])
    ledger.synced(upTo: position(1), now: .zero)
    #expect(actions(at: .zero) == [.release(upTo: 1), .resume])
    _ = ledger.append(copies: 1, now: .zero)
    #expect(actions(at: .zero) == [.pause, .sync(upTo: position(2))])
    ledger.synced(upTo: position(2), now: .zero)
    _ = actions(at: .zero)
    ledger.sessionUp()
    _ = ledger.append(copies: 1, now: .zero)
    #expect(actions(at: .zero) == [])
  }

  @Test(
    "once hold has run out every batch is synced at once, until an acknowledgement is prompt even though a sync overtook it"
  )
  mutating func impatience() {
    _ = ledger.append(copies: 1, now: .zero)
    _ = actions(at: .seconds(2))
    ledger.synced(upTo: position(1), now: .zero)
    _ = actions(at: .seconds(2))

    let second = ledger.append(copies: 1, now: .seconds(3))
    #expect(actions(at: .seconds(3)) == [.pause, .sync(upTo: position(2))])
    ledger.synced(upTo: position(2), now: .zero)
    #expect(actions(at: .seconds(3)) == [.release(upTo: 2), .resume])
    ledger.confirmed(second, now: .milliseconds(3201))

    let third = ledger.append(copies: 1, now: .seconds(4))
    #expect(actions(at: .seconds(4)) == [.pause, .sync(upTo: position(3))])
    ledger.synced(upTo: position(3), now: .zero)
    #expect(actions(at: .seconds(4)) == [.release(upTo: 3), .resume])
    ledger.confirmed(third, now: .milliseconds(4200))

    _ = ledger.append(copies: 1, now: .seconds(5))
    #expect(actions(at: .seconds(5)) == [])
  }

  @Test("a new connection forgets what was not released, and late news of the old one change nothing")
  mutating func reset() {
    let old = (0..<4).map { _ in ledger.append(copies: 1, now: .zero) }
    #expect(actions(at: .zero) == [.pause, .sync(upTo: position(4))])
    ledger.reset(upstream: 0)
    #expect(actions(at: .zero) == [])
    let new = (0..<3).map { _ in ledger.append(copies: 1, now: .zero) }
    for message in old { ledger.confirmed(message, now: .zero) }
    ledger.synced(upTo: position(4), now: .zero)
    #expect(actions(at: .zero) == [])
    ledger.confirmed(new[0], now: .zero)
    #expect(actions(at: .zero) == [.release(upTo: 1)])
    #expect(ledger.unreleased == 2)
  }

  @Test("releases in the upstream's own count")
  mutating func upstreamCount() {
    ledger = Ledger(hold: .seconds(2), holdMessages: 4, upstream: 4_294_967_295)
    ledger.confirmed(ledger.append(copies: 1, now: .zero), now: .zero)
    #expect(actions(at: .zero) == [.release(upTo: 4_294_967_296)])
    _ = ledger.append(copies: 1, now: .zero)
    ledger.reset(upstream: 7)
    ledger.confirmed(ledger.append(copies: 1, now: .zero), now: .zero)
    #expect(actions(at: .zero) == [.release(upTo: 8)])
  }

  @Test("a confirmation too many, or of a message never read, is ignored")
  mutating func unknownConfirmations() {
    let message = ledger.append(copies: 1, now: .zero)
    _ = ledger.append(copies: 1, now: .zero)
    ledger.confirmed(message, now: .zero)
    ledger.confirmed(message, now: .zero)
    ledger.confirmed(position(0), now: .zero)
    ledger.confirmed(position(9), now: .zero)
    ledger.synced(upTo: position(0), now: .zero)
    #expect(actions(at: .zero) == [.release(upTo: 1)])
    ledger.synced(upTo: position(99), now: .zero)
    #expect(actions(at: .zero) == [.release(upTo: 2)])
    _ = ledger.append(copies: 1, now: .zero)
    #expect(actions(at: .zero) == [])
  }

  @Test("tells since when the oldest message waits")
  mutating func oldest() {
    #expect(ledger.oldestReading == nil)
    _ = ledger.append(copies: 1, now: .seconds(5))
    _ = ledger.append(copies: 1, now: .seconds(6))
    #expect(ledger.oldestReading == .seconds(5))
  }
}
