import TestSupport

/// Plays one case from the first login to the last message, and measures.
struct LoadCourse: Sendable {
  let plan: LoadPlan
  let scene: LoadPlan.Case
  let rig: LoadRig
  /// Takes a sentence about what is going on.
  let say: @Sendable (String) -> Void

  static func play(
    _ plan: LoadPlan, _ scene: LoadPlan.Case, say: @escaping @Sendable (String) -> Void
  ) async throws -> LoadFigures {
    var options = LoadRig.Options(accounts: scene.accounts)
    options.server = scene.server
    options.tls = scene.tls
    options.status = plan.status
    say("\(scene.server) gets \(scene.accounts) accounts")
    let course = LoadCourse(plan: plan, scene: scene, rig: try await LoadRig.start(options), say: say)
    var figures = LoadFigures(accounts: scene.accounts)
    do {
      // At full speed a message is what matters, and not what the accounts cost besides.
      let isComplete = plan.pace.isSteady
      if isComplete { try await course.oneAlone(&figures) }
      try await course.logIn(&figures)
      if isComplete {
        try await course.idle(&figures)
        try await course.load(&figures)
        try await course.reconnect(&figures)
      } else {
        try await course.fullSpeed(&figures)
      }
      let memory = try course.rig.bridge.memory()
      (figures.memory.loaded, figures.memory.peak) = (Double(memory.now), Double(memory.peak))
      try await course.rig.stopBridge()
    } catch {
      throw course.rig.failure(error, scene.testDescription)
    }
    return figures
  }

  private func cpu() throws -> Duration { try rig.bridge.current?.cpuTime() ?? .zero }

  // MARK: Without traffic

  /// One account for comparison.
  private func oneAlone(_ figures: inout LoadFigures) async throws {
    try await rig.startBridge(accounts: 1)
    let first = try await rig.online(1, from: 0)
    guard !first.isEmpty else { throw TestFailure("a single account does not come online") }
    _ = try await rig.bridge.current?.cpuShare(over: plan.behindLogin)
    figures.memory.one = Double(try rig.bridge.memory().now)
    try await rig.stopBridge()
  }

  private func logIn(_ figures: inout LoadFigures) async throws {
    say("log-in")
    let (mark, start) = (rig.device.messages.count, ContinuousClock.now)
    try await rig.startBridge()
    let moments = try await rig.online(rig.accounts, from: mark)
    figures.login = .init(moments, of: rig.accounts, since: start, cpu: try cpu())
  }

  private func idle(_ figures: inout LoadFigures) async throws {
    say("idle")
    _ = try await rig.bridge.current?.cpuShare(over: plan.behindLogin)
    figures.idle = try await rig.bridge.current?.cpuShare(over: plan.idle)
    figures.memory.idle = Double(try rig.bridge.memory().now)
  }

  // MARK: Load

  /// At a steady pace both ways at once.
  private func load(_ figures: inout LoadFigures) async throws {
    say("load")
    let count = plan.messages(rig.accounts)
    let rate = plan.rate(rig.accounts)
    let (before, start) = (LoadProgram.used(rig), ContinuousClock.now)
    let up = LoadLane(rig, .toXMPP, run: "u", count: count, size: scene.size)
    let down = LoadLane(rig, .toMQTT, run: "d", count: count, size: scene.size)
    async let rising: Void = up.send(rate: rate)
    async let falling: Void = down.send(rate: rate)
    _ = try await (rising, falling)
    figures.shares = LoadProgram.shares(LoadProgram.used(rig), since: before, over: start.duration(to: .now))
    figures.toXMPP = Crossing(try await up.arrivals(), sent: count, accounts: rig.accounts)
    figures.toMQTT = Crossing(try await down.arrivals(), sent: count, accounts: rig.accounts)
    figures.cpu = try cpu() - (before[.bridge] ?? .zero)
  }

  /// At full speed each way by itself, so that each has a cost of its own.
  private func fullSpeed(_ figures: inout LoadFigures) async throws {
    let count = plan.messages(rig.accounts)
    for way in Traffic.Way.allCases {
      say("\(way.rawValue), \(count) messages")
      // What is done for the first time takes longer.
      _ = try await crossing(way, run: "w", count: max(rig.accounts, count / 20))
      let before = LoadProgram.used(rig)
      let crossing = try await crossing(way, run: "l", count: count)
      let speed = LoadFigures.Speed(
        cpu: try cpu() - (before[.bridge] ?? .zero),
        shares: LoadProgram.shares(LoadProgram.used(rig), since: before, over: crossing.last))
      switch way {
      case .toXMPP: (figures.toXMPP, figures.fullToXMPP) = (crossing, speed)
      case .toMQTT: (figures.toMQTT, figures.fullToMQTT) = (crossing, speed)
      }
      figures.cpu += speed.cpu
    }
  }

  private func crossing(_ way: Traffic.Way, run: String, count: Int) async throws -> Crossing {
    let lane = LoadLane(rig, way, run: run, count: count, size: scene.size)
    try await lane.send(rate: nil)
    return Crossing(try await lane.arrivals(), sent: count, accounts: rig.accounts)
  }

  // MARK: Mass reconnect

  /// The XMPP server is killed, the device goes on, and the server comes back.
  private func reconnect(_ figures: inout LoadFigures) async throws {
    say("reconnect")
    let mark = rig.device.messages.count
    let before = try cpu()
    try await rig.server.kill()
    let death = ContinuousClock.now
    let up = LoadLane(rig, .toXMPP, run: "ua", count: rig.accounts, size: scene.size)
    try await up.send(rate: nil)
    try await rig.server.start()
    let back = ContinuousClock.now
    figures.outage = death.duration(to: back)
    try await rig.aliceConnects()
    // To accounts that are back and to accounts that are not: for those the server keeps them.
    let down = LoadLane(rig, .toMQTT, run: "da", count: rig.accounts, size: scene.size)
    try await down.send(rate: nil)
    let moments = try await rig.online(rig.accounts, from: mark)
    figures.reconnect = .init(moments, of: rig.accounts, since: back, cpu: try cpu() - before)
    let rising = Crossing(try await up.arrivals(), sent: rig.accounts, accounts: rig.accounts)
    let falling = Crossing(try await down.arrivals(), sent: rig.accounts, accounts: rig.accounts)
    (figures.meanwhileToXMPP, figures.meanwhileToMQTT) = (rising, falling)
    if falling.lost + rising.lost > 0 { figures.waiting = try await rig.journal().messages }
    for account in falling.missing { figures.keptByServer += try await rig.keptByServer(for: account) }
  }
}

extension LoadPlan.Pace {
  /// Whether it is one that somebody could live with, rather than as fast as it goes.
  var isSteady: Bool {
    if case .full = self { false } else { true }
  }
}

extension LoadRig {
  /// An error with what the bridge has logged.
  func failure(_ error: any Error, _ what: String) -> TestFailure {
    let log = (try? bridge.log.all.suffix(40).joined(separator: "\n")) ?? "none"
    return TestFailure("\(what): \(error)\nthe bridge's log:\n\(log)")
  }
}
