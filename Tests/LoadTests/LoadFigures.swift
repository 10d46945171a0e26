import TestSupport

/// Everything that was measured with one number of accounts. What is nil was not looked at.
struct LoadFigures: Sendable {
  /// All accounts coming online.
  struct Homecoming: Sendable {
    /// How many never did.
    var missing = 0
    /// Until the last of them was.
    var time = Duration.zero
    /// The most that came within one second.
    var mostInASecond = 0
    /// CPU time of the bridge.
    var cpu = Duration.zero

    init() {}

    /// - Parameters:
    ///   - moments: when each came, in order.
    ///   - start: from when on it is counted.
    init(_ moments: [ContinuousClock.Instant], of accounts: Int, since start: ContinuousClock.Instant, cpu: Duration) {
      missing = accounts - moments.count
      time = moments.last.map { start.duration(to: $0) } ?? .zero
      self.cpu = cpu
      var first = 0
      for (index, moment) in moments.enumerated() {
        while moments[first].duration(to: moment) >= .seconds(1) { first += 1 }
        mostInASecond = max(mostInASecond, index - first + 1)
      }
    }
  }

  /// Bytes resident.
  struct Memory: Sendable {
    /// With one account, and with all, before there was any traffic.
    var one: Double?
    var idle: Double?
    /// Behind everything, and the most at any time.
    var loaded = 0.0
    var peak = 0.0
  }

  /// One way at full speed.
  struct Speed: Sendable {
    /// CPU time of the bridge.
    var cpu: Duration
    /// Of a core, of each program.
    var shares: [LoadProgram: Double]
  }

  let accounts: Int
  var login = Homecoming()
  var memory = Memory()
  /// Of a core, of the bridge with nothing to do.
  var idle: Double?
  var toXMPP: Crossing?
  var toMQTT: Crossing?
  /// CPU time of the bridge while they crossed.
  var cpu = Duration.zero
  /// Of a core, of each program while they were sent.
  var shares: [LoadProgram: Double] = [:]
  /// At full speed, each way by itself.
  var fullToXMPP: Speed?
  var fullToMQTT: Speed?
  /// How long nobody listened at the XMPP server.
  var outage: Duration?
  var reconnect: Homecoming?
  /// Sent while the accounts were away.
  var meanwhileToXMPP: Crossing?
  var meanwhileToMQTT: Crossing?
  /// Of the latter, how many the server kept, although the account was back.
  var keptByServer = 0
  /// What waits in the journal at the end, when nothing has arrived for long.
  var waiting = 0

  /// All that was sent.
  private var crossings: [(name: String, crossing: Crossing)] {
    [
      ("MQTT → XMPP", toXMPP), ("XMPP → MQTT", toMQTT), ("MQTT → XMPP, while the server was away", meanwhileToXMPP),
      (Self.beforeReturn, meanwhileToMQTT),
    ].compactMap { name, crossing in crossing.map { (name, $0) } }
  }

  private static let beforeReturn = "XMPP → MQTT, before all accounts were back"

  /// What must not be, in words: lost messages, and accounts that did not come online.
  var breaches: [String] {
    var breaches = crossings.compactMap { name, crossing -> String? in
      let lost = crossing.lost - (name == Self.beforeReturn ? keptByServer : 0)
      return lost > 0 ? "\(name): \(lost) lost, such as \(crossing.missing.prefix(5))" : nil
    }
    if waiting > 0 { breaches.append("\(waiting) messages still wait in the bridge's journal") }
    if login.missing > 0 { breaches.append("\(login.missing) accounts never came online") }
    if let missing = reconnect?.missing, missing > 0 { breaches.append("\(missing) accounts never came back") }
    return breaches
  }
}
