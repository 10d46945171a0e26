import MQTT
import Mapping
import Testing
import XMPP

@testable import Bridge
@testable import Journal

@Suite struct StatusReportTests {
  /// 2026-11-22T08:00:00.000Z
  private static let time: Int64 = 1_795_334_400_000

  private func report(_ accounts: [AccountStatus], _ broker: BrokerStatus, _ failure: JournalError? = nil) -> String {
    let journal = JournalStatistics(
      transactions: 40, syncs: 3, checkpoints: 1, failures: failure == nil ? 0 : 2, lastFailure: failure)
    let report = StatusReport(
      version: "0.1.0", started: Self.time, uptime: .milliseconds(61_900), endpoint: "mqtt://127.0.0.1:1883",
      broker: broker, publishesWaiting: 2, publishesDropped: 1, journal: journal, fileBytes: 4_096, accounts: accounts)
    return String(decoding: report.json, as: UTF8.self)
  }

  @Test func everythingIsOneObjectInOneLine() throws {
    let home = AccountStatus(
      name: "home",
      state: EntityState(
        .online, jid: try JID("bot@example.org/b"), since: Self.time, reason: "the server keeps\nno archive"),
      snapshot: AccountSnapshot(
        counters: AccountCounters(toXMPP: 7, toMQTT: 9, sessions: 1, resumes: 2),
        toXMPP: .init(messages: 3, bytes: 300, unacknowledged: 2),
        toMQTT: .init(messages: 1, bytes: 50, unacknowledged: 4), catchUp: .init(read: 3_000, total: 12_345)))
    let text = report([home], BrokerStatus(isUp: true, since: Self.time, version: .v5))
    #expect(
      text == #"{"version":"0.1.0","started":"2026-11-22T08:00:00.000Z","uptime_s":61,"#
        + #""broker":{"url":"mqtt://127.0.0.1:1883","state":"online","since":"2026-11-22T08:00:00.000Z","#
        + #""protocol":"5","waiting":2,"dropped":1},"#
        + #""journal":{"messages":4,"bytes":350,"file_bytes":4096,"transactions":40,"syncs":3,"failures":0},"#
        + #""accounts":[{"name":"home","state":"online","jid":"bot@example.org/b","#
        + #""since":"2026-11-22T08:00:00.000Z","reason":"the server keeps\nno archive","#
        + #""to_xmpp":{"crossed":7,"waiting":3,"unacknowledged":2},"#
        + #""to_mqtt":{"crossed":9,"waiting":1,"unacknowledged":4},"#
        + #""sessions":1,"resumes":2,"catch_up":{"read":3000,"total":12345}}]}"#)
  }

  @Test func whatIsNotKnownIsAbsent() throws {
    let home = AccountStatus(
      name: "home",
      state: EntityState(.offline, jid: try JID("bot@example.org"), since: Self.time, reason: "the disk is full"),
      snapshot: AccountSnapshot(counters: AccountCounters(toXMPP: 7)))
    let text = report(
      [home], BrokerStatus(since: Self.time, reason: "nobody listens"), .full(path: "/s"))
    let status = try JSONValue(parsing: Array(text.utf8))
    #expect(status["broker"]?["state"]?.string == "offline")
    #expect(status["broker"]?["reason"]?.string == "nobody listens")
    #expect(status["broker"]?["protocol"] == nil)
    #expect(status["journal"]?["reason"]?.string == "\(JournalError.full(path: "/s"))")
    #expect(text.contains(#""to_xmpp":{"crossed":7},"to_mqtt":{"crossed":0},"sessions":0,"resumes":0}]"#))
  }

  @Test func anAttemptThatFailsIsNoNewAbsence() {
    var broker = BrokerStatus(since: 1)
    broker.become(BrokerStatus(since: 2, reason: "nobody listens"))
    #expect(broker == BrokerStatus(since: 1, reason: "nobody listens"))
    broker.become(BrokerStatus(isUp: true, since: 3, version: .v5))
    #expect(broker == BrokerStatus(isUp: true, since: 3, version: .v5))
    broker.become(BrokerStatus(since: 4, reason: "closed"))
    broker.become(BrokerStatus(since: 5, reason: "refused"))
    #expect(broker == BrokerStatus(since: 4, reason: "refused"))
  }
}
