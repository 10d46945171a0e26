import BridgeConfig
import XMPP

/// What `check --connect` found out.
struct ConnectionReport {
  /// Two tables, of the broker and of the accounts.
  let table: String
  /// A sentence for each server that did not let us in.
  let failures: [String]
  /// Unreachable servers weigh more than refused logins.
  let status: ExitStatus

  /// Asks the broker and every account, the accounts side by side.
  init(of configuration: BridgeConfiguration, by probe: some ConnectionProbe) async {
    async let broker = probe.broker(configuration)
    let accounts = await withTaskGroup(of: (Int, AccountProbe).self) { group in
      for (index, account) in configuration.accounts.enumerated() {
        group.addTask { (index, await probe.account(account)) }
      }
      return await group.reduce(into: [Int: AccountProbe]()) { $0[$1.0] = $1.1 }
    }
    self.init(
      broker: await broker, endpoint: configuration.mqtt.endpoint.description,
      accounts: configuration.accounts.enumerated().compactMap { index, account in
        accounts[index].map { (account, $0) }
      })
  }

  /// A report of what is known already.
  init(
    broker: BrokerProbe, endpoint: String, accounts: [(configuration: AccountConfiguration, probe: AccountProbe)]
  ) {
    table =
      TextTable(
        ["BROKER", "LOGIN", "MQTT", "QOS", "RETAIN"],
        [
          [
            endpoint, broker.outcome.word, broker.protocolVersion ?? "-",
            broker.maximumQoS.map { "0-\($0)" } ?? "-", Self.word(broker.retains),
          ]
        ]
      ).description + "\n"
      + TextTable(
        ["ACCOUNT", "JID", "SERVER", "LOGIN", "TLS", "SM", "MAM", "UPLOAD", "CARBONS", "MECHANISMS"],
        accounts.map { account, probe in
          [
            account.name, account.jid.description, probe.address ?? "-", probe.outcome.word, probe.tls ?? "-",
            Self.word(probe.streamManagement), Self.word(probe.archive), Self.word(probe.upload),
            Self.word(probe.carbons), probe.mechanisms.isEmpty ? "-" : probe.mechanisms.joined(separator: " "),
          ]
        }
      ).description

    let outcomes = [(endpoint, broker.outcome)] + accounts.map { ("account \($0.name)", $1.outcome) }
    failures = outcomes.compactMap { name, outcome in outcome.reason.map { "\(name): \(outcome.word): \($0)" } }
    if outcomes.contains(where: { $1.isUnreachable }) {
      status = .unavailable
    } else {
      status = failures.isEmpty ? .fine : .failed
    }
  }

  private static func word(_ flag: Bool?) -> String { flag.map { $0 ? "yes" : "no" } ?? "-" }
}

extension ProbeOutcome {
  fileprivate var word: String {
    switch self {
    case .loggedIn: "fine"
    case .refused: "refused"
    case .unreachable: "unreachable"
    }
  }

  fileprivate var reason: String? {
    switch self {
    case .loggedIn: nil
    case .refused(let reason), .unreachable(let reason): reason
    }
  }

  fileprivate var isUnreachable: Bool {
    if case .unreachable = self { true } else { false }
  }
}
