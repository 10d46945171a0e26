import TestSupport

/// Lets messages pile up in the journal while their server, or the broker, is away, and leave when it is back; measures
/// that, and what another account does meanwhile.
struct WaitingCourse: Sendable {
  let plan: LoadPlan
  let scene: LoadPlan.WaitingCase
  let rig: LoadRig
  /// Takes a sentence about what is going on.
  let say: @Sendable (String) -> Void

  /// The account that they wait for, and the other one, which has an XMPP server of its own.
  private static let (account, other) = (0, 1)

  static func play(
    _ plan: LoadPlan, _ scene: LoadPlan.WaitingCase, say: @escaping @Sendable (String) -> Void
  ) async throws -> WaitingFigures {
    var options = LoadRig.Options(accounts: 2)
    options.server = scene.server
    options.tls = scene.tls
    options.status = plan.status
    options.waiting = .init(messages: scene.waiting, size: scene.size)
    let rig = try await LoadRig.start(options)
    let course = WaitingCourse(plan: plan, scene: scene, rig: rig, say: say)
    var figures = WaitingFigures(waiting: scene.waiting)
    do {
      try await rig.startBridge()
      guard try await rig.online(2, from: 0).count == 2 else { throw TestFailure("the accounts do not come online") }
      try await course.before(&figures)
      if scene.waiting > 0 {
        let lane = LoadLane(
          rig, scene.way, run: "w", count: scene.waiting, size: scene.size, accounts: Self.account..<(Self.account + 1))
        try await course.come(lane, &figures)
        try await course.wait(&figures)
        try await course.leave(lane, &figures)
      } else {
        try await course.wait(&figures)
      }
      try await course.after(&figures)
      try await rig.stopBridge()
    } catch {
      throw rig.failure(error, scene.testDescription)
    }
    return figures
  }

  private func cpu() throws -> Duration { try rig.bridge.current?.cpuTime() ?? .zero }

  // MARK: Speed

  /// Lets an account bring over as fast as it can what tells its speed.
  private func speed(
    of account: Int, _ way: Traffic.Way, _ run: String, _ figures: inout WaitingFigures
  ) async throws -> WaitingFigures.Work {
    let lane = LoadLane(
      rig, way, run: run, count: plan.probe, size: scene.size, accounts: account..<(account + 1))
    let before = try cpu()
    try await lane.send(rate: nil)
    let crossing = Crossing(try await lane.arrivals(), sent: plan.probe, accounts: 1)
    figures.lostBesides += crossing.lost
    return .init(messages: plan.probe - crossing.lost, time: crossing.last, cpu: try cpu() - before)
  }

  /// The same with the other account, both ways; nil if the broker, without which there is no other account, is what goes
  /// away.
  private func speedOfOther(
    _ run: String, _ figures: inout WaitingFigures
  ) async throws -> WaitingFigures.Speed? {
    guard scene.way == .toXMPP else { return nil }
    return .init(
      toXMPP: try await speed(of: Self.other, .toXMPP, "\(run)u", &figures),
      toMQTT: try await speed(of: Self.other, .toMQTT, "\(run)d", &figures))
  }

  // MARK: The course

  private func before(_ figures: inout WaitingFigures) async throws {
    say("nothing waits")
    // What is done for the first time takes longer.
    _ = try await speed(of: Self.account, scene.way, "x", &figures)
    figures.empty = try await speed(of: Self.account, scene.way, "e", &figures)
    figures.otherBefore = try await speedOfOther("b", &figures)
    figures.memory.before = Double(try rig.bridge.memory().now)
  }

  private func come(_ lane: LoadLane, _ figures: inout WaitingFigures) async throws {
    say("they come")
    try rig.bridge.forgetPeak()
    switch scene.way {
    case .toXMPP: try await rig.server.kill()
    case .toMQTT: try await rig.broker.stop()
    }
    // Portions long enough to be measured, and ten of them or more if there are enough.
    let portions = max(scene.waiting / min(max(scene.waiting / 10, 1_000), 10_000), 1)
    var works: [WaitingFigures.Work] = []
    for portion in 0..<portions {
      let (first, end) = (scene.waiting * portion / portions, scene.waiting * (portion + 1) / portions)
      let (before, start) = (try cpu(), ContinuousClock.now)
      try await lane.send(first..<end)
      try await rig.journalHolds(end)
      works.append(.init(messages: end - first, time: start.duration(to: .now), cpu: try cpu() - before))
    }
    let tenth = max(portions / 10, 1)
    figures.first = works.prefix(tenth).reduce(.init(), +)
    figures.last = works.suffix(tenth).reduce(.init(), +)
    figures.memory.coming = Double(try rig.bridge.memory().peak)
  }

  private func wait(_ figures: inout WaitingFigures) async throws {
    say("they wait")
    figures.idle = try await rig.bridge.current?.cpuShare(over: plan.idle / 2)
    figures.memory.resting = Double(try rig.bridge.memory().now)
    figures.fileResting = Double(try await rig.journal().fileBytes)
    figures.otherMeanwhile = try await speedOfOther("m", &figures)
    if scene.waiting > 0 {
      figures.memory.coming = max(figures.memory.coming ?? 0, Double(try rig.bridge.memory().peak))
    }
  }

  private func leave(_ lane: LoadLane, _ figures: inout WaitingFigures) async throws {
    say("they leave")
    try rig.bridge.forgetPeak()
    let (used, start) = (LoadProgram.used(rig), ContinuousClock.now)
    switch scene.way {
    case .toXMPP:
      try await rig.server.start()
      try await rig.aliceConnects()
    case .toMQTT: try await rig.broker.start()
    }
    let began = start.duration(to: .now)
    let arrivals = try await lane.arrivals(patience: Patience.reconnect)
    let crossing = Crossing(arrivals, sent: scene.waiting, accounts: 1)
    figures.crossing = crossing
    let now = LoadProgram.used(rig)
    figures.memory.leaving = Double(try rig.bridge.memory().peak)
    // The lane counts from before they came.
    let time = crossing.last - crossing.first
    figures.pause = lane.since(start, crossing.first) - began
    figures.drain = .init(
      messages: scene.waiting - crossing.lost, time: time, cpu: (now[.bridge] ?? .zero) - (used[.bridge] ?? .zero))
    figures.shares = LoadProgram.shares(now, since: used, over: time)
  }

  private func after(_ figures: inout WaitingFigures) async throws {
    say("they have left")
    figures.otherAfter = try await speedOfOther("a", &figures)
    figures.memory.after = Double(try rig.bridge.memory().now)
    figures.fileAfter = Double(try await rig.journal().fileBytes)
  }
}
