import MQTT
import Testing
import XMLStream
import XMPP

@testable import Bridge
@testable import Journal

/// What a machine says of itself when it is asked.
@Suite struct AccountSnapshotTests {
  private func online(archive: Bool = false) throws -> AccountHarness {
    var account = try AccountHarness()
    account.goOnline(archive: archive)
    return account
  }

  private let message = "<message from='alice@example.org/a' type='chat' id='1'><body>x</body></message>"

  @Test func nothingWaitsAtFirst() throws {
    let snapshot = try online().core.snapshot
    #expect(snapshot.toXMPP == .init(messages: 0, bytes: 0, unacknowledged: 0))
    #expect(snapshot.toMQTT == .init(messages: 0, bytes: 0, unacknowledged: 0))
    #expect(snapshot.counters == AccountCounters(sessions: 1))
    #expect(snapshot.catchUp == nil)
  }

  @Test func aMessageToXMPPWaitsUntilTheServerHasIt() throws {
    var account = try online()
    account.publish(count: 3)
    #expect(account.core.snapshot.toXMPP?.messages == 3)
    account.committed()
    let last = try #require(account.sent().last)
    #expect(account.core.snapshot.toXMPP?.unacknowledged == 3)
    #expect(account.core.snapshot.counters.toXMPP == 0)
    account.acknowledge(upTo: last.sequence - 1)
    #expect(account.core.snapshot.toXMPP?.messages == 1)
    account.acknowledge(upTo: last.sequence)
    #expect(account.core.snapshot.toXMPP == .init(messages: 0, bytes: 0, unacknowledged: 0))
    #expect(account.core.snapshot.counters.toXMPP == 3)
  }

  @Test func messagesWaitForAStreamWithoutANumber() throws {
    var account = try online()
    account.disconnect()
    account.loseStream()
    account.publish(count: 2)
    account.committed()
    #expect(account.core.snapshot.toXMPP?.messages == 2)
    #expect(account.core.snapshot.toXMPP?.unacknowledged == 0)
    #expect(account.core.snapshot.toXMPP?.bytes ?? 0 > 0)
  }

  @Test func aMessageToMQTTWaitsUntilTheBrokerHasIt() throws {
    var account = try online()
    account.stanza(message)
    #expect(account.core.snapshot.toMQTT == .init(messages: 1, bytes: account.core.inbound.bytes, unacknowledged: 1))
    account.committed()
    let publishes = account.published()
    #expect(account.core.snapshot.counters.toMQTT == 0)
    account.puback(publishes)
    account.committed()
    #expect(account.core.snapshot.toMQTT == .init(messages: 0, bytes: 0, unacknowledged: 0))
    #expect(account.core.snapshot.counters.toMQTT == 1)
  }

  @Test func whatTheBrokerRefusesHasNotCrossed() throws {
    var account = try online()
    account.stanza(message)
    account.committed()
    let token = try #require(account.published().first?.token)
    account.core.published(
      [PublishResult(token: token, outcome: .refused(.notAuthorized))], now: account.now)
    #expect(account.core.snapshot.counters.toMQTT == 0)
    #expect(account.core.snapshot.toMQTT?.messages == 0)
  }

  @Test func aStatusIsNoMessage() throws {
    var account = try online()
    account.publish(#"{"id":"a","body":"1"}"#, on: "xmpp/home/message/alice@example.org/send/json")
    account.committed()
    account.acknowledge(upTo: try #require(account.sent().last).sequence)
    account.committed()
    let statuses = account.published()
    #expect(statuses.count == 1)
    #expect(account.core.snapshot.toMQTT?.messages == 0)
    account.puback(statuses)
    #expect(account.core.snapshot.counters.toMQTT == 0)
  }

  @Test func streamsAreCounted() throws {
    var account = try online()
    account.disconnect()
    account.committed()
    account.resume()
    account.disconnect()
    account.committed()
    account.resume()
    #expect(account.core.snapshot.counters == AccountCounters(sessions: 1, resumes: 2))
    account.disconnect()
    account.loseStream()
    account.begin()
    #expect(account.core.snapshot.counters == AccountCounters(sessions: 2, resumes: 2))
  }

  /// What an earlier process has counted, it or the next `<resume/>` tells the server.
  @Test func aRestartBeginsWithNothingUnacknowledged() throws {
    var record = SessionRecord()
    record.inbound = 5_000
    let account = try AccountHarness(record: record)
    var core = account.core
    #expect(core.snapshot.toMQTT?.unacknowledged == 0)
    core.toldInbound = 4_990
    #expect(core.snapshot.toMQTT?.unacknowledged == 10)
  }

  @Test func anArchiveThatIsBeingReadShowsHowFar() throws {
    var account = try online(archive: true)
    account.disconnect()
    account.loseStream()
    account.begin()
    let stanzas = account.answer(archive: true) + account.sent()
    func pageRequest(_ stanzas: [OutboundStanza]) throws -> (id: String, query: String) {
      let iq = try #require(stanzas.compactMap(\.element).last { $0.child("query", in: "urn:xmpp:mam:2") != nil })
      let query = try #require(iq.child("query", in: "urn:xmpp:mam:2")?.attribute("queryid"))
      return (try #require(iq.attribute("id")), query)
    }
    let page = try pageRequest(stanzas)
    #expect(account.core.snapshot.catchUp == .init(read: 0, total: nil))
    account.stanza(
      "<message from='bot@example.org'><result xmlns='urn:xmpp:mam:2' queryid='\(page.query)' id='1'>"
        + "<forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2026-11-22T07:00:00Z'/>"
        + "<message xmlns='jabber:client' from='alice@example.org/a' to='bot@example.org' type='chat' id='m1'>"
        + "<body>x</body></message></forwarded></result></message>")
    account.stanza(
      "<iq type='result' id='\(page.id)'><fin xmlns='urn:xmpp:mam:2'><set xmlns='http://jabber.org/protocol/rsm'>"
        + "<last>1</last><count>12345</count></set></fin></iq>")
    #expect(account.core.snapshot.catchUp == .init(read: 1, total: 12_345))
    account.committed()
    let next = try pageRequest(account.sent())
    account.stanza("<iq type='result' id='\(next.id)'><fin xmlns='urn:xmpp:mam:2' complete='true'/></iq>")
    #expect(account.core.snapshot.catchUp == nil)
  }
}
