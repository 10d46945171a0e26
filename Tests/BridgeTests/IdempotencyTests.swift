import MQTT
import Testing
import XMPP

@testable import Bridge
@testable import Journal

/// An id is the publisher's key; and a message is of use only for so long.
@Suite struct IdempotencyTests {
  private static let topic = "xmpp/home/message/alice@example.org/send/json"
  private static let status = "xmpp/home/message/alice@example.org/status"

  private func statuses(_ account: inout AccountHarness) -> [String] {
    account.committed()
    return account.published().filter { $0.topic == Self.status }.map(\.text)
  }

  @Test func theSameMessageUnderTheSameIdIsSentOnceAndItsStatusAgain() throws {
    var account = try AccountHarness()
    account.goOnline()
    account.publish(#"{"id":"k","body":"x"}"#, on: Self.topic)
    account.committed()
    let stanza = try #require(account.sent().last)
    account.publish(#"{"id":"k","body":"x"}"#, on: Self.topic)
    #expect(statuses(&account).isEmpty)
    // The second is as safe as the first.
    #expect(account.released() == nil)
    account.acknowledge(upTo: stanza.sequence)
    #expect(account.released() == 2)
    #expect(statuses(&account).map { $0.contains(#""state":"sent""#) } == [true])
    account.publish(#"{"id":"k","body":"x"}"#, on: Self.topic)
    account.committed()
    #expect(account.sent().isEmpty)
    #expect(account.released() == 3)
    #expect(statuses(&account).map { $0.contains(#""state":"sent""#) } == [true])
  }

  @Test func anotherMessageUnderTheSameIdIsAConflict() throws {
    var account = try AccountHarness()
    account.goOnline()
    account.publish(#"{"id":"k","body":"x"}"#, on: Self.topic)
    account.committed()
    #expect(account.sent().count == 1)
    account.publish(#"{"id":"k","body":"y"}"#, on: Self.topic)
    account.committed()
    #expect(account.sent().isEmpty)
    let told = account.published().filter { $0.topic == Self.status }
    #expect(told.count == 1)
    #expect(told[0].text.contains(#""state":"failed""#) && told[0].text.contains(#""condition":"conflict""#))
    #expect(account.reports.last?.event == "conflict")
    // The first goes on as if nothing had been.
    #expect(account.core.memory[MessageMemory.key(id: "k", statusTopic: Self.status)]?.state == nil)
  }

  @Test func anIdBelongsToItsTopicAndToADay() throws {
    var account = try AccountHarness(maySend: ["alice@example.org", "bob@example.org"])
    account.goOnline()
    account.publish(#"{"id":"k","body":"x"}"#, on: Self.topic)
    account.publish(#"{"id":"k","body":"y"}"#, on: "xmpp/home/message/bob@example.org/send/json")
    account.committed()
    #expect(account.sent().map(\.body) == ["x", "y"])
    account.wait(.seconds(86_400))
    account.publish(#"{"id":"k","body":"z"}"#, on: Self.topic)
    account.committed()
    #expect(account.sent().map(\.body) == ["z"])
  }

  @Test func oldIdsAreForgottenInTheJournalToo() throws {
    var account = try AccountHarness()
    account.goOnline()
    for number in 1...10 { account.publish(#"{"id":"\#(number)","body":"x"}"#, on: Self.topic) }
    account.committed()
    account.wait(.seconds(86_400))
    for number in 11...20 { account.publish(#"{"id":"\#(number)","body":"x"}"#, on: Self.topic) }
    account.committed()
    let left = account.journal.values.filter { $0.key.hasPrefix("home/published/") && !$0.value.isEmpty }
    #expect(left.count == 10)
  }

  // MARK: Expiry

  @Test func aMessageThatWaitsLongerThanItMayFails() throws {
    var account = try AccountHarness()
    account.goOnline()
    account.disconnect()
    account.publish(#"{"id":"k","body":"x","expires":"2026-11-22T14:01:00Z"}"#, on: Self.topic)
    account.publish("y", properties: PublishProperties(messageExpiry: 30))
    account.publish("z")
    account.committed()
    _ = account.published()
    // The harness begins at 14:00.
    account.wait(.seconds(31))
    account.wait(.seconds(31))
    account.wait(.seconds(31))
    account.committed()
    let failed = account.published().filter { $0.text.contains(#""condition":"expired""#) }
    #expect(failed.count == 2)
    #expect(failed.contains { $0.text.contains(#""id":"k""#) })
    #expect(account.journal.rows(of: AccountHarness.outboundSpool).count == 1)
    account.resume()
    account.committed()
    #expect(account.sent().map(\.body) == ["z"])
  }

  @Test func aMessageIsLookedAtAgainBeforeItLeaves() throws {
    var account = try AccountHarness()
    account.goOnline()
    account.disconnect()
    account.publish("y", properties: PublishProperties(messageExpiry: 5))
    account.publish("z")
    account.committed()
    account.wait(.seconds(6))
    account.resume()
    account.committed()
    let sent = account.sent()
    #expect(sent.map(\.body) == ["z"])
    #expect(account.journal.rows(of: AccountHarness.outboundSpool).count == 1)
    account.acknowledge(upTo: try #require(sent.last).sequence)
    account.wait(.milliseconds(10))
    account.committed()
    #expect(account.journal.rows(of: AccountHarness.outboundSpool).isEmpty)
  }

  /// Numbered row expired: what has a number in a live stream stays, or every later number would be wrong.
  @Test func whatHasANumberDoesNotExpire() throws {
    var account = try AccountHarness()
    account.goOnline()
    account.publish("y", properties: PublishProperties(messageExpiry: 5))
    account.committed()
    let stanza = try #require(account.sent().last)
    account.wait(.seconds(90))
    account.disconnect()
    account.committed()
    account.wait(.seconds(90))
    account.committed()
    #expect(account.journal.rows(of: AccountHarness.outboundSpool).count == 1)
    account.acknowledge(upTo: stanza.sequence)
    #expect(account.published().allSatisfy { !$0.text.contains("expired") })
  }

  @Test func anExpiredEnvelopeIsRefused() throws {
    var account = try AccountHarness()
    account.goOnline()
    account.publish(#"{"id":"k","body":"x","expires":"2026-11-22T13:59:59Z"}"#, on: Self.topic)
    #expect(statuses(&account).map { $0.contains(#""condition":"expired""#) } == [true])
    #expect(account.sent().isEmpty)
    #expect(account.released() == 1)
  }

  @Test func theBrokerIsToldHowLongAMessageMayWait() throws {
    var account = try AccountHarness()
    account.goOnline()
    account.broker(isUp: false)
    account.stanza("<message from='alice@example.org/a' type='chat' id='1'><body>x</body></message>")
    account.committed()
    account.wait(.seconds(86_400))
    account.broker(isUp: true)
    #expect(account.published().map(\.properties.messageExpiry) == [6 * 86_400])
  }
}
