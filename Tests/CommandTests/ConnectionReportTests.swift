import BridgeConfig
import Testing
import XMPP

@testable import xmpp_mqtt_bridge

/// A probe that knows the answers.
private struct FakeProbe: ConnectionProbe {
  var brokerAnswer: BrokerProbe
  var accountAnswers: [String: AccountProbe]

  func broker(_ configuration: BridgeConfiguration) async -> BrokerProbe { brokerAnswer }

  func account(_ account: AccountConfiguration) async -> AccountProbe {
    accountAnswers[account.name] ?? AccountProbe(outcome: .unreachable("unknown"))
  }
}

@Suite("check --connect")
struct ConnectionReportTests {
  private static let broker = BrokerProbe(outcome: .loggedIn, protocolVersion: "5", maximumQoS: 2, retains: true)

  private static let home = AccountProbe(
    outcome: .loggedIn, address: "127.0.0.1:5222", tls: "TLSv1.3", mechanisms: ["SCRAM-SHA-256-PLUS", "PLAIN"],
    streamManagement: true, archive: true, upload: false, carbons: true)

  private func report(
    broker: BrokerProbe = broker, _ accounts: (name: String, probe: AccountProbe)...
  ) async throws -> ConnectionReport {
    let configuration = BridgeConfiguration(
      mqtt: MQTTSection(endpoint: .tcp(host: "::1", port: 1883)),
      accounts: try accounts.map {
        AccountConfiguration(name: $0.name, jid: try JID("bot@example.org/\($0.name)"), password: nil)
      })
    let answers = Dictionary(accounts.map { ($0.name, $0.probe) }) { first, _ in first }
    return await ConnectionReport(of: configuration, by: FakeProbe(brokerAnswer: broker, accountAnswers: answers))
  }

  @Test("shows what every server offers, in the order of the file")
  func table() async throws {
    let report = try await report(
      ("home", Self.home), ("a", AccountProbe(outcome: .refused("not-authorized"), mechanisms: [])))
    #expect(
      report.table == """
        BROKER             LOGIN  MQTT  QOS  RETAIN
        mqtt://[::1]:1883  fine   5     0-2  yes

        ACCOUNT  JID                   SERVER          LOGIN    TLS      SM   MAM  UPLOAD  CARBONS  MECHANISMS
        home     bot@example.org/home  127.0.0.1:5222  fine     TLSv1.3  yes  yes  no      yes      SCRAM-SHA-256-PLUS PLAIN
        a        bot@example.org/a     -               refused  -        -    -    -       -        -

        """)
    #expect(report.failures == ["account a: refused: not-authorized"])
  }

  @Test("is fine if every login was")
  func fine() async throws {
    let report = try await report(("home", Self.home))
    #expect(report.status == .fine)
    #expect(report.failures.isEmpty)
  }

  @Test("fails if a server refuses the login")
  func refused() async throws {
    let account = try await report(("home", Self.home), ("a", AccountProbe(outcome: .refused("no"))))
    #expect(account.status == .failed)
    let broker = try await report(broker: BrokerProbe(outcome: .refused("no")), ("home", Self.home))
    #expect(broker.status == .failed)
    #expect(broker.failures == ["mqtt://[::1]:1883: refused: no"])
  }

  @Test("tells an unreachable server first, whatever the others say")
  func unreachable() async throws {
    let report = try await report(
      broker: BrokerProbe(outcome: .unreachable("timeout")), ("home", Self.home),
      ("a", AccountProbe(outcome: .refused("no"))))
    #expect(report.status == .unavailable)
    #expect(report.failures == ["mqtt://[::1]:1883: unreachable: timeout", "account a: refused: no"])
  }
}
