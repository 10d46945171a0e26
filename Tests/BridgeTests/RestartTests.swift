import Delivery
import MQTT
import Testing
import XMLStream
import XMPP

@testable import Bridge
@testable import Journal

/// What a stream that is lost, or a process that is killed, leaves behind, and how it goes on.
@Suite struct RestartTests {
  @Test func afterAFailedResumptionMessagesGoAgainWithTheSameIdAndADelay() throws {
    var account = try AccountHarness()
    account.goOnline()
    account.publish("first")
    account.publish("second")
    account.committed()
    let before = account.sent()
    #expect(before.count == 2)
    account.disconnect()
    account.committed()
    account.loseStream()
    account.begin()
    account.answer()
    let again = account.sent().filter { $0.body != nil }
    #expect(again.map(\.body) == ["first", "second"])
    #expect(again.map { $0.element?.attribute("id") } == before.map { $0.element?.attribute("id") })
    #expect(again.allSatisfy { $0.element?.child("delay", in: "urn:xmpp:delay") != nil })
  }

  @Test func presenceAndRequestsAreNotReplayed() throws {
    var account = try AccountHarness()
    account.begin()
    account.answer()
    account.stanza("<iq type='get' id='p' from='example.org'><ping xmlns='urn:xmpp:ping'/></iq>")
    account.committed()
    let first = account.sent()
    #expect(first.map { $0.element?.name } == ["presence", "iq"])
    account.disconnect()
    account.loseStream()
    account.begin()
    let again = account.answer() + account.sent()
    // Anew and each once: what the new session asks, and presence. Nobody waits for the answer to the ping.
    #expect(again.map { $0.element?.name } == ["iq", "iq", "iq", "presence"])
    #expect(Set(again.map(\.bytes)).intersection(first.dropFirst().map(\.bytes)).isEmpty)
  }

  @Test func whatTheServerHadAcknowledgedIsNotSentAgain() throws {
    var account = try AccountHarness()
    account.goOnline()
    for body in ["1", "2", "3"] { account.publish(body) }
    account.committed()
    account.acknowledge(upTo: account.sent()[1].sequence)
    account.disconnect()
    account.loseStream()
    account.begin()
    account.answer()
    #expect(account.sent().compactMap(\.body) == ["3"])
  }

  @Test func aKilledProcessFindsTheNumbersOfItsStanzasInTheJournal() throws {
    var account = try AccountHarness()
    account.goOnline()
    account.publish("1")
    account.committed()
    let first = account.sent()
    account.stanza("<iq type='get' id='p' from='example.org'><ping xmlns='urn:xmpp:ping'/></iq>")
    account.committed()
    let answer = account.sent()
    account.publish("2")
    account.committed()
    let second = account.sent()

    let bytes = try #require(account.journal.values["home/session"])
    let record = try SessionRecord(bytes)
    #expect(record.stream?.id == "previous")
    var outbound = OutboundFlow(
      ledger: Ledger(hold: .seconds(2), holdMessages: 16),
      window: SpoolWindow(maxCount: 8, maxBytes: 1 << 20, after: record.numbered), nextSequence: record.numbered + 1,
      budget: JournalBudget(maxMessages: 10, maxBytes: 1 << 20))
    let rows = try account.journal.rows(of: AccountHarness.outboundSpool).map { try StanzaRow($0) }
    #expect(outbound.restore(rows: rows, record: record) == first + answer + second)
  }

  @Test func hOfAResumptionIsEverythingJournaled() throws {
    var account = try AccountHarness()
    account.goOnline()
    account.stanza("<message from='alice@example.org' type='chat'><body>1</body></message>")
    account.stanza("<message from='alice@example.org' type='chat'><body>2</body></message>")
    account.committed()
    // Nothing is confirmed by the broker, and yet both are here: the server must not send them again.
    let bytes = try #require(account.journal.values["home/session"])
    #expect(try SessionRecord(bytes).inbound == 5)
    #expect(account.journal.rows(of: AccountHarness.inboundSpool).count == 2)
  }

  @Test func aRedeliveredMessageIsNotSentTwice() throws {
    var account = try AccountHarness()
    account.goOnline()
    account.publish(packetID: 7)
    account.committed()
    let stanza = try #require(account.sent().first)
    account.reconnectInbound(sessionPresent: true)
    account.publish(packetID: 7)
    account.committed()
    #expect(account.sent().isEmpty)
    #expect(account.released() == nil)
    account.acknowledge(upTo: stanza.sequence)
    #expect(account.released() == 2)
  }

  /// Trim before PUBACK: the row is gone, the PUBACK never left, the broker delivers again.
  @Test func aMessageRedeliveredAfterItsRowWasTrimmedIsAcknowledgedAtOnce() throws {
    var account = try AccountHarness()
    account.goOnline()
    account.publish(packetID: 7)
    account.committed()
    account.acknowledge(upTo: try #require(account.sent().first).sequence)
    account.wait(.milliseconds(10))
    account.committed()
    #expect(account.journal.rows(of: AccountHarness.outboundSpool).isEmpty)
    _ = account.take()
    account.reconnectInbound(sessionPresent: true)
    account.publish(packetID: 7)
    account.committed()
    #expect(account.sent().isEmpty)
    #expect(account.released() == 2)
  }

  @Test func theSameWordsInANewSessionAreANewMessage() throws {
    var account = try AccountHarness()
    account.goOnline()
    account.publish(packetID: 7)
    account.committed()
    _ = account.sent()
    account.reconnectInbound(sessionPresent: false)
    account.publish(packetID: 7)
    account.committed()
    #expect(account.sent().count == 1)
  }

  @Test func rowsSurviveTheJournal() throws {
    let origin = MessageOrigin(
      id: "a", statusTopic: "xmpp/home/message/j@x/status", isAsked: true, responseTopic: "r",
      correlationData: [0, 255])
    for origin in [origin, nil] {
      let stanza = StanzaRow(sequence: 9, time: 1, stanza: [1, 2, 3], origin: origin, expires: 12)
      #expect(try StanzaRow(stanza.journalRow) == stanza)
    }
    let publish = PublishRow(
      sequence: 4, time: 2, isStatus: true, stanza: nil,
      receipt: .init(id: "m", sender: try JID("alice@example.org/a"), type: .chat),
      publish: OutboundPublish(
        token: 4, topic: "t", payload: [7], qos: .exactlyOnce, retain: true,
        properties: PublishProperties(
          contentType: "application/json", payloadFormatUTF8: true, messageExpiry: 5, responseTopic: "r",
          correlationData: [9], userProperties: [.init(name: "n", value: "v"), .init(name: "n", value: "w")])))
    #expect(try PublishRow(publish.journalRow) == publish)
  }

  @Test func contactsSurviveTheJournalWithAndWithoutAName() throws {
    for name in [nil, "", "Alice"] as [String?] {
      let item = Roster.Item(
        jid: try JID("alice@example.org"), name: name, subscription: .both, isAsking: true, groups: ["a", "b"])
      #expect(try Roster.Item(journal: item.bytes) == item)
    }
  }

  @Test func aDamagedRowIsLeftOutAndSaid() throws {
    var account = try AccountHarness()
    let row = JournalRow(sequence: 5, time: 0, kind: 0, meta: [1], body: [])
    account.core.loaded(1, from: AccountHarness.outboundSpool, rows: [row], reachedEnd: true)
    account.wait(.zero)
    #expect(account.reports.contains { $0.event == "journal-damaged" })
  }
}
