import TestSupport

extension WaitingFigures {
  private typealias Row = LoadRow<WaitingFigures>

  /// The rows of the table of waiting messages.
  static let rows: [LoadRow<WaitingFigures>] = [
    course, LoadProgram.rows("they leave: cores used", "cores", \.shares), outcome, memory,
    other("MQTT → XMPP", "to_xmpp", \.toXMPP), other("XMPP → MQTT", "to_mqtt", \.toMQTT),
  ].flatMap(\.self)

  private static let course: [LoadRow<WaitingFigures>] = [
    Row("nothing waits: messages a second", "empty_rate", digits: 0) { $0.empty.rate },
    Row("nothing waits: CPU of the bridge, µs a message", "empty_cpu_us", digits: 1) { $0.empty.cost },
    Row("they come, first / last tenth: messages a second", ["first_rate", "last_rate"], digits: 0) {
      pair($0.first?.rate, $0.last?.rate)
    },
    Row("they come, first / last tenth: CPU, µs a message", ["first_cpu_us", "last_cpu_us"], digits: 1) {
      pair($0.first?.cost, $0.last?.cost)
    },
    Row("they wait: state file", bytes: "file", \.fileResting),
    Row("they wait: CPU of the bridge, of a core", percent: "idle_share", digits: 2, \.idle),
    Row("they leave: the first after", "pause", digits: 1, unit: " s") { $0.pause?.seconds },
    Row("they leave: messages a second", "drain_rate", digits: 0) { $0.drain?.rate },
    Row("they leave: CPU of the bridge, µs a message", "drain_cpu_us", digits: 1) { $0.drain?.cost },
    Row("they leave: messages a second, of those when nothing waits", percent: "drain_of_empty", digits: 0) { figures in
      figures.drain.map { $0.rate / figures.empty.rate }
    },
  ]

  private static let outcome: [LoadRow<WaitingFigures>] = [
    Row("sent, lost, doubled, out of order", ["sent", "lost", "doubled", "late"], by: .sum) { figures in
      figures.crossing.map { [$0.sent, $0.lost, $0.doubled, $0.late].map(Double.init) }
    } text: {
      Row.list($0)
    },
    Row("they have left: state file", bytes: "file_after", \.fileAfter),
  ]

  private static let memory: [LoadRow<WaitingFigures>] = [
    Row("memory, nothing waits yet", bytes: "memory_before") { $0.memory.before },
    Row("memory, they come and wait: at most", bytes: "memory_coming", \.memory.coming),
    Row("memory, they wait", bytes: "memory_resting", \.memory.resting),
    Row("memory, they leave: at most", bytes: "memory_leaving", \.memory.leaving),
    Row("memory, they have left", bytes: "memory_after", \.memory.after),
  ]

  /// What the other account does before, meanwhile and after.
  private static func other(
    _ name: String, _ column: String, _ work: @escaping @Sendable (Speed) -> Work
  ) -> [LoadRow<WaitingFigures>] {
    let moments = ["before", "meanwhile", "after"]
    @Sendable func each(_ figures: WaitingFigures) -> [Work]? {
      guard let before = figures.otherBefore, let meanwhile = figures.otherMeanwhile, let after = figures.otherAfter
      else { return nil }
      return [before, meanwhile, after].map(work)
    }
    return [
      Row(
        "another account, \(name), before / meanwhile / after: messages a second",
        moments.map { "other_\(column)_\($0)_rate" }, digits: 0
      ) { each($0)?.map(\.rate) },
      Row(
        "another account, \(name), before / meanwhile / after: CPU, µs a message",
        moments.map { "other_\(column)_\($0)_cpu_us" }, digits: 1
      ) { each($0)?.map(\.cost) },
      Row(
        "another account, \(name): messages a second meanwhile, of before and after",
        percent: "other_\(column)_of_empty", digits: 0
      ) { figures in
        each(figures).map { $0[1].rate * 2 / ($0[0].rate + $0[2].rate) }
      },
    ]
  }

  private static func pair(_ one: Double?, _ other: Double?) -> [Double]? {
    if let one, let other { [one, other] } else { nil }
  }
}
