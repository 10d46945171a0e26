import BridgeConfig
import MQTT
import Testing
import XMLStream
import XMPP

@testable import Bridge

/// Each bad input gives one clear event and disturbs nothing else.
@Suite struct BadInputTests {
  private struct Case: Sendable, CustomTestStringConvertible {
    var event: String
    var condition: String
    var text: String
    var topic = "xmpp/home/message/alice@example.org/send"
    var payload: [UInt8]

    var testDescription: String { event }

    init(_ event: String, _ condition: String, _ text: String, topic: String? = nil, payload: [UInt8]) {
      self.event = event
      self.condition = condition
      self.text = text
      if let topic { self.topic = topic }
      self.payload = payload
    }

    init(_ event: String, _ condition: String, _ text: String, topic: String? = nil, _ payload: String) {
      self.init(event, condition, text, topic: topic, payload: Array(payload.utf8))
    }

    static let all = [
      Case(
        "invalid-topic", "jid-malformed", "right would be “alice@example.org”",
        topic: "xmpp/home/message/Alice@example.org/send", "hello"),
      Case("invalid-topic", "jid-malformed", "is no JID", topic: "xmpp/home/message/@/send", "hello"),
      Case("not-permitted", "forbidden", "not in may_send", topic: "xmpp/home/message/bob@example.org/send", "hello"),
      Case("invalid-text", "bad-request", "U+0001", "a\u{1}b"),
      Case("oversized", "policy-violation", "262145 bytes", payload: [UInt8](repeating: 0x61, count: 262_145)),
      Case("invalid-envelope", "bad-request", "no JSON", topic: Self.json, "{\"body\":"),
      Case("invalid-envelope", "bad-request", "did you mean “body”", topic: Self.json, "{\"bodi\":\"x\"}"),
      Case("invalid-envelope", "bad-request", "should be a string", topic: Self.json, "{\"body\":1}"),
      Case("binary-dropped", "bad-request", "not UTF-8", payload: [0xFF, 0xFE, 0x00]),
    ]

    private static let json = "xmpp/home/message/alice@example.org/send/json"
  }

  @Test(arguments: Case.all) private func aRefusedPublishFailsOnceAndNothingElseIsDisturbed(_ bad: Case) throws {
    var account = try AccountHarness(binary: .drop)
    account.goOnline()
    let reports = account.reports.count
    account.publish("before")
    account.publish(bad.payload, on: bad.topic)
    account.publish("after")
    account.committed()

    let news = account.reports.dropFirst(reports)
    #expect(news.map(\.event) == [bad.event])
    #expect(news.first?.detail.contains(bad.text) == true, "\(news.first?.detail ?? "")")

    let stanzas = account.sent()
    #expect(stanzas.map(\.body) == ["before", "after"])
    let status = try #require(account.published().first)
    #expect(status.qos == .atLeastOnce)
    #expect(status.topic == bad.topic.replacingSuffix(with: "/status"))
    #expect(status.text.contains(#""state":"failed""#))
    #expect(status.text.contains(#""condition":"\#(bad.condition)""#), "\(status.text)")

    account.acknowledge(upTo: try #require(stanzas.last).sequence)
    #expect(account.released() == 3)
  }

  @Test func theServersOwnLimitCounts() throws {
    var account = try AccountHarness()
    account.goOnline()
    account.core.announced(stanzaLimit: 1_000)
    account.publish(String(repeating: "a", count: 900))
    #expect(account.reports.last?.event == "oversized")
    account.core.announced(stanzaLimit: nil)
    account.publish(String(repeating: "a", count: 900))
    account.committed()
    #expect(account.sent().count == 1)
  }

  @Test func anEmptyPayloadIsIgnoredWithAnEvent() throws {
    var account = try AccountHarness()
    account.goOnline()
    account.publish("")
    #expect(account.reports.last?.event == "ignored")
    #expect(account.released() == 1)
  }

  @Test func aRetainedPublishNeverBecomesAMessage() throws {
    var account = try AccountHarness()
    account.goOnline()
    account.publish(retain: true)
    account.committed()
    #expect(account.sent().isEmpty)
    #expect(account.released() == 1)
  }

  @Test func ourOwnPublishIsIgnored() throws {
    var account = try AccountHarness()
    account.goOnline()
    account.publish(
      properties: PublishProperties(userProperties: [UserProperty(name: "xmpp-bridge", value: "bridge")]))
    account.committed()
    #expect(account.sent().isEmpty)
    #expect(account.released() == 1)
  }

  @Test func aStrangersMessageIsRefusedToHimAndNobodyElseHearsOfIt() throws {
    var account = try AccountHarness()
    account.goOnline()
    account.stanza("<message from='mallory@example.com/x' id='m' type='chat'><body>hi</body></message>")
    account.committed()
    let reply = try #require(account.sent().first?.element)
    #expect(reply.attribute("to") == "mallory@example.com/x")
    #expect(reply.attribute("type") == "error")
    #expect(StanzaError(of: reply)?.condition == .serviceUnavailable)
    #expect(account.published().isEmpty)
    #expect(account.reports.last?.event == "not-allowed")
    #expect(account.handled() == 4)
  }

  @Test func aBounceFailsTheMessageOnTheBouncersTopic() throws {
    var account = try AccountHarness()
    account.goOnline()
    account.stanza(
      """
      <message from='alice@example.org' id='gone' type='error'><error type='cancel'>\
      <item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>
      """)
    account.committed()
    let status = try #require(account.published().first)
    #expect(status.topic == "xmpp/home/message/alice@example.org/status")
    #expect(status.text.contains(#""id":"gone","state":"failed""#))
    #expect(status.text.contains("item-not-found"))
  }

  @Test func aForgedRosterPushChangesNothing() throws {
    var account = try AccountHarness(allow: ["roster"])
    account.goOnline()
    account.stanza(
      """
      <iq type='set' id='r' from='mallory@example.com'><query xmlns='jabber:iq:roster'>\
      <item jid='mallory@example.com' subscription='both'/></query></iq>
      """)
    account.committed()
    #expect(StanzaError(of: try #require(account.sent().first?.element))?.condition == .serviceUnavailable)
    account.stanza("<message from='mallory@example.com' type='chat'><body>hi</body></message>")
    account.committed()
    #expect(account.published().isEmpty)
  }

  @Test func aContactMayTalkAsSoonAsTheRosterHasHim() throws {
    var account = try AccountHarness(allow: ["roster"])
    account.goOnline()
    account.stanza(
      """
      <iq type='set' id='r'><query xmlns='jabber:iq:roster'><item jid='carol@example.com' subscription='both'/>\
      </query></iq>
      """)
    account.stanza("<message from='carol@example.com/a' type='chat'><body>hi</body></message>")
    account.committed()
    #expect(account.published().map(\.topic) == ["xmpp/home/message/carol@example.com"])
    #expect(account.journal.values["home/roster/carol@example.com"] != nil)
  }

  @Test func unaskedStatusesGoOutAtQoS0AndOnlyWhenWanted() throws {
    for (selection, count) in [(StatusSelection.all, 1), (.asked, 0), (.failed, 0)] {
      var account = try AccountHarness(status: selection)
      account.goOnline()
      account.publish()
      account.committed()
      account.acknowledge(upTo: try #require(account.sent().first).sequence)
      account.committed()
      let statuses = account.published()
      #expect(statuses.count == count)
      #expect(statuses.allSatisfy { $0.qos == .atMostOnce && $0.text.contains(#""state":"sent""#) })
    }
  }

  @Test func aResponseTopicUnderThePrefixIsNotPublishedTo() throws {
    var account = try AccountHarness()
    account.goOnline()
    account.publish(properties: PublishProperties(responseTopic: "xmpp/home/message/alice@example.org/send"))
    account.committed()
    account.acknowledge(upTo: try #require(account.sent().first).sequence)
    account.committed()
    #expect(account.published().map(\.topic) == ["xmpp/home/message/alice@example.org/status"])
  }

  @Test func whatWaitsTooLongFailsAsExpired() throws {
    var account = try AccountHarness()
    account.goOnline()
    account.disconnect()
    account.publish()
    account.committed()
    account.wait(.seconds(1))
    account.wait(.seconds(7 * 86_400))
    account.committed()
    #expect(account.published().contains { $0.text.contains(#""condition":"expired""#) })
    #expect(account.journal.rows(of: AccountHarness.outboundSpool).isEmpty)
    account.resume()
    account.committed()
    #expect(account.sent().isEmpty)
  }
}

extension Sequence<Character> {
  /// The topic with what stands behind the contact's level replaced.
  fileprivate func replacingSuffix(with suffix: String) -> String {
    String(self).split(separator: "/").prefix(4).joined(separator: "/") + suffix
  }
}
