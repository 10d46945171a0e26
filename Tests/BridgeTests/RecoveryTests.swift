import Delivery
import MQTT
import Mapping
import Testing
import XMPP

@testable import Bridge

/// What one machine of an account leaves to the next in the same process, and what is told on the way.
@Suite struct RecoveryTests {
  private func publish(_ token: UInt64) -> OutboundPublish {
    OutboundPublish(token: token, topic: "t", payload: [1])
  }

  private func result(_ token: UInt64) -> PublishResult {
    PublishResult(token: token, outcome: .accepted(.success))
  }

  // MARK: Publishes

  @Test func aFirstMachineHandsOutEverything() {
    var handedOut = HandedOut()
    let publishes = [publish(1), publish(2), publish(0)]
    let (new, answered) = handedOut.handOut(publishes)
    #expect(new == publishes && answered.isEmpty)
    handedOut.answered([result(1)])
    #expect(handedOut.handOut([publish(3)]).new == [publish(3)])
    #expect(handedOut.last == 3)
  }

  @Test func whatWasAnsweredIsNotPublishedAgain() {
    var first = HandedOut()
    _ = first.handOut((1...5).map(publish))
    var second = first.inherited(unanswered: [4, 5])
    let (new, answered) = second.handOut((2...6).map(publish))
    #expect(new == [publish(6)])
    #expect(answered == [result(2), result(3)])
  }

  @Test func whatIsStillUnderWayIsWaitedFor() {
    var first = HandedOut()
    _ = first.handOut((1...3).map(publish))
    var second = first.inherited(unanswered: [1, 2, 3])
    // One answer comes before its row has been read back, one after.
    second.answered([result(1)])
    let (new, answered) = second.handOut((1...4).map(publish))
    #expect(new == [publish(4)] && answered == [result(1)])
    second.answered([result(2)])
    #expect(second.inherited(unanswered: [3, 4]).last == 4)
    var third = second.inherited(unanswered: [3, 4])
    #expect(third.handOut((2...5).map(publish)).answered == [result(2)])
  }

  @Test func statusesWithoutARowAreNeverMistakenForEarlierOnes() {
    var first = HandedOut()
    _ = first.handOut([publish(9)])
    var second = first.inherited(unanswered: [])
    #expect(second.handOut([publish(0)]).new == [publish(0)])
    #expect(second.last == 9)
  }

  @Test func whatTheBrokerHasNotAnsweredIsKnown() throws {
    var account = try AccountHarness()
    account.goOnline()
    for number in 1...3 {
      account.stanza("<message from='alice@example.org/p' type='chat' id='\(number)'><body>x</body></message>")
    }
    account.committed()
    let publishes = account.published()
    #expect(Array(account.core.inbound.unanswered) == publishes.map(\.token))
    account.puback([publishes[1]])
    #expect(Array(account.core.inbound.unanswered) == [publishes[0].token, publishes[2].token])
  }

  // MARK: The stream

  private func record(_ stream: String?, acknowledged: UInt64, trimmed: UInt64, numbered: UInt64) throws
    -> SessionRecord
  {
    var record = SessionRecord()
    if let stream { record.stream = .init(jid: AccountHarness.jid, id: stream) }
    (record.acknowledged, record.trimmed, record.numbered) = (acknowledged, trimmed, numbered)
    record.controls = [4, 6].filter { $0 > acknowledged }.map { OutboundStanza(sequence: $0, bytes: []) }
    return record
  }

  @Test func whatTheServerIsKnownToHaveIsNotSentAgain() throws {
    var found = try record("s", acknowledged: 3, trimmed: 13, numbered: 20)
    found.inbound = 7
    found.learn(from: try record("s", acknowledged: 5, trimmed: 14, numbered: 22))
    var expected = try record("s", acknowledged: 5, trimmed: 14, numbered: 20)
    expected.inbound = 7
    #expect(found == expected)
    #expect(found.controls.map(\.sequence) == [6])
  }

  @Test func aStreamThatWasLostIsNotResumed() throws {
    var found = try record("s", acknowledged: 3, trimmed: 13, numbered: 20)
    found.learn(from: try record(nil, acknowledged: 0, trimmed: 15, numbered: 15))
    #expect(found.stream == nil && found.trimmed == 15 && found.numbered == 15)
    // The rest had a number in it, and goes again with a delay stamp.
    #expect(found.sentBefore == 20)
  }

  // MARK: Clocks

  @Test(arguments: [30, -30] as [Int64]) func aClockThatIsSetExpiresNothing(days: Int64) throws {
    var account = try AccountHarness()
    account.goOnline()
    account.disconnect()
    account.publish("waits")
    account.committed()
    account.setClock(byDays: days)
    account.publish("comes by the new clock")
    account.wait(.seconds(31))
    account.committed()
    account.wait(.seconds(31))
    account.committed()
    account.resume()
    account.committed()
    #expect(account.sent().compactMap(\.body) == ["waits", "comes by the new clock"])
    #expect(account.reports.allSatisfy { $0.event != "expired" })
  }

  @Test func timeThatPassesExpiresWhatWaitsWhateverTheClockSays() throws {
    var account = try AccountHarness()
    account.goOnline()
    account.disconnect()
    account.publish("waits")
    account.committed()
    account.setClock(byDays: -300)
    account.wait(.seconds(31))
    account.wait(.seconds(8 * 86_400))
    account.committed()
    account.resume()
    account.committed()
    #expect(account.sent().compactMap(\.body).isEmpty)
    #expect(account.reports.contains { $0.event == "expired" })
  }

  // MARK: A full journal

  @Test func aJournalThatFillsUpAgainAndAgainIsToldOnceAMinute() throws {
    var account = try AccountHarness(journal: 2)
    account.goOnline()
    for _ in 0..<50 {
      account.publish(count: 2)
      account.committed()
      if let last = account.sent().last { account.acknowledge(upTo: last.sequence) }
      account.wait(.seconds(1))
      account.committed()
      _ = account.take()
    }
    #expect(account.reports.count { $0.event == "journal-full" } == 1)
    #expect(account.reports.count { $0.event == "journal-has-room" } == 1)
    account.disconnect()
    account.publish(count: 2)
    account.committed()
    // It lasts: people hear of it when a minute is over.
    account.wait(.seconds(11))
    #expect(account.reports.last?.event == "journal-full")
  }
}
