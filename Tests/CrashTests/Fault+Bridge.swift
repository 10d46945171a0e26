import TestSupport
import Testing

/// What happens to the bridge itself.
extension Fault {
  static let kill = Fault(
    name: "bridge killed", short: Dose(times: 4), long: Dose(rounds: 10, times: 5), cells: Cells.withoutBoth, cuts: 2
  ) { strike in
    var random = strike.random
    try await strike.rig.bridge.killAndStart()
    // Half of them once more, wherever it is after its first few steps.
    if Bool.random(using: &random) {
      _ = try await strike.rig.bridge.log.first(Int.random(in: 1...40, using: &random), "lines of the log")
      try await strike.rig.bridge.killAndStart()
    }
    try await strike.rig.bridge.stream()
  }

  /// `kill -9` in every state of the negotiation: a byte of it goes through, and nothing more before the bridge is dead.
  static let killAtLogin = Fault(
    name: "bridge killed at byte k of a login", short: Dose(times: Login.all.count),
    long: Dose(rounds: 8, times: Login.all.count), shortServers: [.prosody], cells: Cells.withoutBoth, cuts: 2
  ) { strike in
    var random = strike.random
    let (rig, login) = (strike.rig, Login.all[strike.number % Login.all.count])
    let link = login.isXMPP ? rig.xmppLink : rig.mqttLink
    let bytes = Int.random(in: 1...login.length, using: &random)
    if login.isNew { #expect(try await rig.bridge.stop() == .code(0)) } else { try await rig.bridge.kill() }
    let mark = link.events.count
    try await link.stall(after: bytes, login.direction)
    try await rig.bridge.start()
    _ = try await link.events.first("byte \(bytes) of \(login)", from: mark) { event in
      if case .reachedLimit = event { true } else { false }
    }
    try await rig.bridge.kill()
    try await link.reset()
    try await link.resume()
    try await rig.bridge.start()
    try await rig.bridge.stream()
  }

  /// A way of one kind of login, and about how many bytes go that way.
  private struct Login {
    let isXMPP: Bool
    let isNew: Bool
    let direction: TCPProxy.Direction
    let length: Int

    static let all = [
      Login(isXMPP: true, isNew: true, direction: .toServer, length: 1_800),
      Login(isXMPP: true, isNew: true, direction: .toClient, length: 4_000),
      Login(isXMPP: true, isNew: false, direction: .toServer, length: 1_200),
      Login(isXMPP: true, isNew: false, direction: .toClient, length: 2_500),
      Login(isXMPP: false, isNew: false, direction: .toServer, length: 800),
      Login(isXMPP: false, isNew: false, direction: .toClient, length: 300),
    ]
  }

  /// The steps between receive, append, forward, confirm, sync and release at which a debug build can be told to die.
  private static let crashPoints = [
    "mqtt-received", "before-commit", "after-commit", "stanzas-sent", "acknowledged", "before-sync", "after-sync",
    "before-release", "after-release", "stanza-received", "publish-sent", "puback", "before-handled", "after-handled",
  ]

  /// One row for each of them, or one for all.
  static func crashes(_ length: Length) -> [Fault] {
    switch length {
    case .short: [crash("at each step", crashPoints)]
    case .long: crashPoints.map { crash("at \($0)", [$0]) }
    }
  }

  private static func crash(_ words: String, _ points: [String]) -> Fault {
    Fault(
      name: "bridge dies \(words)", short: Dose(times: points.count), long: Dose(times: 5), shortServers: [.prosody],
      cells: Cells.withoutBoth, cuts: 2
    ) { strike in
      var random = strike.random
      let (bridge, point) = (strike.rig.bridge, points[strike.number % points.count])
      // A process syncs a few times and does everything else many times.
      let count = Int.random(in: 1...(point.hasSuffix("sync") ? 2 : 30), using: &random)
      try await bridge.kill()
      try await bridge.start(environment: ["XMB_CRASH_POINT": "\(point):\(count)"])
      let exit = try await bridge.current?.exit()
      #expect(exit == .signal(9), "\(point) number \(count)")
      try await bridge.start()
      try await bridge.stream()
    }
  }

  static func restart(onExit: String) -> Fault {
    Fault(
      name: "bridge restarted, on_exit = \(onExit)", short: Dose(times: 2), long: Dose(times: 10),
      prepare: { $0.configure = { $0.onExit = onExit } }
    ) { strike in
      #expect(try await strike.rig.bridge.stop() == .code(0))
      try await strike.rig.bridge.start()
      try await strike.rig.bridge.stream()
    }
  }

  /// As systemd stops a service: SIGTERM, and patience for a while. Neither side answers any more.
  static let stopUnanswered = Fault(
    name: "bridge stopped, nobody answers", short: Dose(times: 1), long: Dose(times: 2), shortServers: [.prosody],
    cells: Cells.withoutBoth
  ) { strike in
    try await strike.rig.withDeadLinks {
      let exit = try await strike.rig.bridge.stop()
      #expect(exit == .code(0))
    }
    try await strike.rig.bridge.start()
    try await strike.rig.bridge.stream()
  }

  static let stopTwice = Fault(
    name: "bridge stopped, second signal", short: Dose(times: 1), long: Dose(times: 5), shortServers: [.prosody],
    cells: Cells.withoutBoth
  ) { strike in
    let bridge = strike.rig.bridge
    try await strike.rig.withDeadLinks {
      bridge.current?.terminate()
      try await bridge.logs("leaving")
      bridge.current?.terminate()
      #expect(try await bridge.current?.exit() == .signal(15))
    }
    try await bridge.start()
    try await bridge.stream()
  }
}
