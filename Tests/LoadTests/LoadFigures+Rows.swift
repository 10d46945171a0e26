import TestSupport

extension LoadFigures {
  private typealias Row = LoadRow<LoadFigures>

  /// The rows of the table of accounts.
  static let rows: [LoadRow<LoadFigures>] = [
    withoutTraffic, crossing("MQTT → XMPP", "to_xmpp", \.toXMPP), crossing("XMPP → MQTT", "to_mqtt", \.toMQTT), cost,
    LoadProgram.rows("cores used meanwhile", "cores", \.shares),
    fullSpeed("MQTT → XMPP", "to_xmpp", \.toXMPP, \.fullToXMPP),
    fullSpeed("XMPP → MQTT", "to_mqtt", \.toMQTT, \.fullToMQTT), backAgain,
  ].flatMap(\.self)

  private static let withoutTraffic: [LoadRow<LoadFigures>] = [
    homecoming("log-in: all online after", "login", \.login),
    Row("log-in: most in a second", "login_most", digits: 0) { Double($0.login.mostInASecond) },
    Row("log-in: CPU of the bridge, ms an account", "login_cpu_ms", digits: 2) { perAccount($0.login, $0) },
    Row("memory, no traffic yet", bytes: "memory_idle", \.memory.idle),
    Row("memory, each account", ["memory_account"]) { figures in
      guard figures.accounts > 1, let one = figures.memory.one, let idle = figures.memory.idle else { return nil }
      return [(idle - one) / Double(figures.accounts - 1)]
    } text: {
      Row.number($0[0] / 1_024, 0) + " KiB"
    },
    Row("idle: CPU of the bridge, of a core", percent: "idle_share", digits: 2, \.idle),
  ]

  private static let cost: [LoadRow<LoadFigures>] = [
    Row("CPU of the bridge, µs a message", "cpu_us", digits: 1) { figures in
      let count = (figures.toXMPP?.sent ?? 0) + (figures.toMQTT?.sent ?? 0)
      return count > 0 ? figures.cpu.seconds * 1e6 / Double(count) : nil
    },
    Row("memory, in the end / at most", ["memory_end", "memory_peak"]) {
      [$0.memory.loaded, $0.memory.peak]
    } text: {
      $0.map(Row.mebibytes).joined(separator: " / ")
    },
  ]

  private static let backAgain: [LoadRow<LoadFigures>] = [
    Row("server killed: nobody listens for", "outage", digits: 1, unit: " s") { $0.outage?.seconds },
    homecoming("reconnect: all online again after", "reconnect", \.reconnect),
    Row("reconnect: most in a second", "reconnect_most", digits: 0) { $0.reconnect.map { Double($0.mostInASecond) } },
    Row("reconnect: CPU of the bridge, ms an account", "reconnect_cpu_ms", digits: 2) { figures in
      figures.reconnect.map { perAccount($0, figures) }
    },
    counts("MQTT → XMPP meanwhile", "to_xmpp_meanwhile", \.meanwhileToXMPP),
    Row(
      "XMPP → MQTT meanwhile: sent, lost, doubled",
      ["sent", "lost", "doubled", "kept"].map { "to_mqtt_meanwhile_\($0)" }, by: .sum
    ) { figures in
      let kept = figures.keptByServer
      return figures.meanwhileToMQTT.map { [$0.sent, $0.lost - kept, $0.doubled, kept].map(Double.init) }
    } text: { values in
      Row.list(values.dropLast()) + (values[3] > 0 ? " (\(Int(values[3])) kept by the server)" : "")
    },
  ]

  private static func crossing(
    _ name: String, _ column: String, _ crossing: @escaping @Sendable (LoadFigures) -> Crossing?
  ) -> [LoadRow<LoadFigures>] {
    [
      counts(name, column, crossing),
      Row("\(name): messages a second", "\(column)_rate", digits: 0) { crossing($0)?.rate },
      Row("\(name): latency p50 / p99 / max, ms", ["p50", "p99", "max"].map { "\(column)_\($0)" }) { figures in
        crossing(figures).map { crossing in [0.5, 0.99, 1].map { crossing.latency($0).seconds } }
      } text: {
        $0.map(Row.milliseconds).joined(separator: " / ")
      },
      Row("\(name): the account that got the fewest", ["\(column)_fewest", "\(column)_each"]) { figures in
        crossing(figures).map { [Double($0.fewest), Double($0.each)] }
      } text: {
        "\(Int($0[0])) of \(Int($0[1]))"
      },
      Row("\(name): the slowest account's p99, ms", ["\(column)_slowest"]) { figures in
        crossing(figures).map { [$0.slowest.seconds] }
      } text: {
        Row.milliseconds($0[0])
      },
    ]
  }

  private static func fullSpeed(
    _ name: String, _ column: String, _ crossing: @escaping @Sendable (LoadFigures) -> Crossing?,
    _ speed: @escaping @Sendable (LoadFigures) -> Speed?
  ) -> [LoadRow<LoadFigures>] {
    [
      Row("\(name): CPU of the bridge, µs a message", "\(column)_cpu_us", digits: 1) { figures in
        speed(figures).map { $0.cpu.seconds * 1e6 / Double(max(crossing(figures)?.sent ?? 0, 1)) }
      }
    ] + LoadProgram.rows("\(name): cores used", "\(column)_cores") { speed($0)?.shares ?? [:] }
  }

  private static func counts(
    _ name: String, _ column: String, _ crossing: @escaping @Sendable (LoadFigures) -> Crossing?
  ) -> LoadRow<LoadFigures> {
    Row("\(name): sent, lost, doubled", ["sent", "lost", "doubled"].map { "\(column)_\($0)" }, by: .sum) { figures in
      crossing(figures).map { [$0.sent, $0.lost, $0.doubled].map(Double.init) }
    } text: {
      Row.list($0)
    }
  }

  private static func homecoming(
    _ name: String, _ column: String, _ homecoming: @escaping @Sendable (LoadFigures) -> Homecoming?
  ) -> LoadRow<LoadFigures> {
    Row(name, [column, "\(column)_missing"]) { figures in
      homecoming(figures).map { [$0.time.seconds, Double($0.missing)] }
    } text: {
      let time = Row.number($0[0], 1) + " s"
      return $0[1] == 0 ? time : "\(Int($0[1].rounded(.up))) NOT ONLINE, the others \(time)"
    }
  }

  private static func perAccount(_ homecoming: Homecoming, _ figures: LoadFigures) -> Double {
    homecoming.cpu.seconds * 1_000 / Double(figures.accounts)
  }
}
