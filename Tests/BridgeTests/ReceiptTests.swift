import MQTT
import Testing
import XMLStream
import XMPP

@testable import Bridge
@testable import Journal

/// Receipts (XEP-0184), markers (XEP-0333) and carbons (XEP-0280), both ways.
@Suite struct ReceiptTests {
  private static let topic = "xmpp/home/message/alice@example.org"
  private static let request =
    "<message from='alice@example.org/a' type='chat' id='q1'><body>hi</body><request xmlns='urn:xmpp:receipts'/></message>"

  private func statuses(_ account: inout AccountHarness, _ topic: String = Self.topic + "/status") -> [String] {
    account.committed()
    return account.published().filter { $0.topic == topic }.compactMap { publish in
      publish.text.firstRange(of: #""state":""#).map { range in
        String(publish.text[range.upperBound...].prefix { $0 != "\"" })
      }
    }
  }

  private func receipt(_ id: String, _ from: String = "alice@example.org/a") -> String {
    "<message from='\(from)' type='chat'><received xmlns='urn:xmpp:receipts' id='\(id)'/></message>"
  }

  private func marker(_ name: String, _ id: String) -> String {
    "<message from='alice@example.org/a' type='chat'><\(name) xmlns='urn:xmpp:chat-markers:0' id='\(id)'/></message>"
  }

  // MARK: We owe receipts

  @Test func aReceiptGoesOutWhenOurCountCoversTheMessage() throws {
    var account = try AccountHarness()
    account.goOnline()
    account.stanza(Self.request)
    account.committed()
    #expect(account.sent().isEmpty)
    account.puback(account.published())
    account.committed()
    let stanzas = account.sent().compactMap(\.element)
    #expect(stanzas.map { MessageReceipts.received(in: $0) } == ["q1"])
    #expect(stanzas.first?.attribute("to") == "alice@example.org/a")
  }

  @Test func aReceiptIsOwedOverARestart() throws {
    var account = try AccountHarness()
    account.goOnline()
    account.stanza(Self.request)
    account.committed()
    let record = try SessionRecord(try #require(account.journal.values["home/session"]))
    let rows = account.journal.rows(of: AccountHarness.inboundSpool).filter { $0.sequence > record.receipted }
    #expect(try rows.map { try PublishRow($0).receipt?.id } == ["q1"])
    account.puback(account.published())
    account.wait(.milliseconds(10))
    account.committed()
    let later = try SessionRecord(try #require(account.journal.values["home/session"]))
    #expect(later.receipted == rows.last?.sequence)
  }

  @Test func aReceiptThatIsOwedWhenTheStreamIsLostGoesThroughTheNext() throws {
    var account = try AccountHarness()
    account.goOnline()
    account.stanza(Self.request)
    account.committed()
    account.disconnect()
    account.loseStream()
    account.committed()
    account.goOnline()
    // It went out with the first stanzas, as any message that waited.
    #expect(account.core.receipts.isEmpty)
    account.wait(.milliseconds(10))
    account.committed()
    #expect(account.journal.rows(of: AccountHarness.outboundSpool).isEmpty)
  }

  @Test(arguments: [
    "<message from='alice@example.org/a' type='chat'><body>x</body><request xmlns='urn:xmpp:receipts'/></message>",
    "<message from='mallory@example.com/a' type='chat' id='1'><body>x</body><request xmlns='urn:xmpp:receipts'/></message>",
    "<message from='alice@example.org/a' type='groupchat' id='1'><body>x</body><request xmlns='urn:xmpp:receipts'/></message>",
  ])
  func nobodyElseGetsReceipts(stanza: String) throws {
    var account = try AccountHarness()
    account.goOnline()
    account.stanza(stanza)
    account.committed()
    account.puback(account.published())
    account.committed()
    #expect(account.sent().compactMap(\.element).allSatisfy { MessageReceipts.received(in: $0) == nil })
  }

  // MARK: Receipts for what we sent

  @Test func receiptsAndMarkersBecomeStatuses() throws {
    var account = try AccountHarness()
    account.goOnline()
    account.publish(#"{"id":"k","body":"x"}"#, on: Self.topic + "/send/json")
    account.committed()
    account.acknowledge(upTo: try #require(account.sent().last).sequence)
    #expect(statuses(&account) == ["sent"])
    account.stanza(receipt("k"))
    #expect(statuses(&account) == ["delivered"])
    account.stanza(receipt("k"))
    #expect(statuses(&account) == [])
    account.stanza(marker("displayed", "k"))
    #expect(statuses(&account) == ["displayed"])
    account.stanza(marker("received", "k"))
    #expect(statuses(&account) == [])
  }

  @Test func aReceiptThatOvertakesTheServerImpliesIt() throws {
    var account = try AccountHarness()
    account.goOnline()
    account.publish(#"{"id":"k","body":"x"}"#, on: Self.topic + "/send/json")
    account.committed()
    let stanza = try #require(account.sent().last)
    account.stanza(receipt("k"))
    #expect(statuses(&account) == ["sent", "delivered"])
    account.acknowledge(upTo: stanza.sequence)
    #expect(statuses(&account) == [])
  }

  @Test func aReceiptFindsItsPublisherOverARestart() throws {
    var account = try AccountHarness()
    account.goOnline()
    let properties = PublishProperties(responseTopic: "devices/7/answers", correlationData: [1, 2])
    account.publish("x", properties: properties)
    account.committed()
    let stanza = try #require(account.sent().last)
    account.acknowledge(upTo: stanza.sequence)
    account.committed()
    let id = try #require(stanza.element?.attribute("id"))
    let prefix = "home/published/"
    let records = account.journal.values.filter { $0.key.hasPrefix(prefix) }
      .compactMap { record in UInt64(record.key.dropFirst(prefix.count), radix: 36).map { ($0, record.value) } }
    #expect(try MessageMemory(records: records) == account.core.memory)

    var again = try AccountHarness(memory: try MessageMemory(records: records))
    again.goOnline()
    again.stanza(receipt(id))
    again.committed()
    let answer = again.published().filter { $0.topic == "devices/7/answers" }
    #expect(answer.count == 1)
    #expect(answer.first?.text.contains(#""state":"delivered""#) == true)
    #expect(answer.first?.properties.correlationData == [1, 2])
  }

  @Test func nobodyAnswersForAnother() throws {
    var account = try AccountHarness(maySend: ["alice@example.org", "bob@example.org"])
    account.goOnline()
    account.publish(#"{"id":"k","body":"x"}"#, on: Self.topic + "/send/json")
    account.committed()
    _ = account.published()
    account.stanza(receipt("k", "bob@example.org/b"))
    #expect(statuses(&account) == [])
    account.stanza(receipt("k", "mallory@example.com/b"))
    account.committed()
    #expect(account.published().allSatisfy { !$0.topic.contains("mallory") })
  }

  // MARK: Carbons

  private func carbon(_ direction: String, _ message: String, from: String = "bot@example.org") -> String {
    "<message from='\(from)'><\(direction) xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>"
      + "\(message)</forwarded></\(direction)></message>"
  }

  @Test func copiesArePublishedAsWhatTheyAre() throws {
    var account = try AccountHarness()
    account.goOnline()
    account.stanza(
      carbon(
        "received",
        "<message xmlns='jabber:client' from='alice@example.org/a' to='bot@example.org/phone' type='chat' id='1'><body>in</body></message>"
      ))
    account.stanza(
      carbon(
        "sent",
        "<message xmlns='jabber:client' from='bot@example.org/phone' to='alice@example.org' type='chat' id='2'><body>out</body></message>"
      ))
    account.committed()
    let publishes = account.published()
    #expect(publishes.map(\.topic) == [Self.topic, Self.topic])
    #expect(publishes[0].text.contains(#""body":"in""#) && publishes[0].text.contains(#""carbon":"received""#))
    #expect(publishes[1].text.contains(#""body":"out""#) && publishes[1].text.contains(#""carbon":"sent""#))
    #expect(account.sent().isEmpty)
  }

  @Test func aForgedCopyIsCountedAndIgnored() throws {
    var account = try AccountHarness()
    account.goOnline()
    account.stanza(
      carbon(
        "received", "<message xmlns='jabber:client' from='bob@example.org' type='chat'><body>x</body></message>",
        from: "alice@example.org/a"))
    account.committed()
    #expect(account.published().isEmpty)
    #expect(account.handled() == 4)
    #expect(account.reports.last?.event == "forged-carbon")
  }

  @Test func aCopyAsksForNoReceiptAndRefusesNobody() throws {
    var account = try AccountHarness()
    account.goOnline()
    let stranger = Self.request.replacing("alice@example.org", with: "mallory@example.com")
    for message in [Self.request, stranger] {
      account.stanza(carbon("received", message.replacing("<message ", with: "<message xmlns='jabber:client' ")))
    }
    account.committed()
    account.puback(account.published())
    account.committed()
    #expect(account.sent().isEmpty)
  }
}
