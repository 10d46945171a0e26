import Foundation
import TestSupport

/// Plays one case from the first login to the last message, and measures.
struct LoadCourse: Sendable {
  let plan: LoadPlan
  let rig: LoadRig
  /// Takes a sentence about what is going on.
  let say: @Sendable (String) -> Void

  static func play(
    _ plan: LoadPlan, _ scene: LoadPlan.Case, say: @escaping @Sendable (String) -> Void
  ) async throws -> LoadFigures {
    var options = LoadRig.Options(accounts: scene.accounts)
    options.server = scene.server
    options.tls = plan.tls
    options.status = plan.status
    say("\(scene.server) gets \(scene.accounts) accounts")
    let course = LoadCourse(plan: plan, rig: try await LoadRig.start(options), say: say)
    var figures = LoadFigures(accounts: scene.accounts, server: scene.server)
    do {
      try await course.logIn(&figures)
      try await course.idle(&figures)
      try await course.load(&figures)
      try await course.reconnect(&figures)
      let memory = try course.rig.bridge.memory()
      (figures.memory.loaded, figures.memory.peak) = memory
      try await course.rig.stopBridge()
    } catch {
      let log = (try? course.rig.bridge.log.all.suffix(40).joined(separator: "\n")) ?? "none"
      throw TestFailure("\(scene.testDescription): \(error)\nthe bridge's log:\n\(log)")
    }
    return figures
  }

  private func cpu() throws -> Duration { try rig.bridge.current?.cpuTime() ?? .zero }

  // MARK: Without traffic

  /// One account for comparison, then all of them.
  private func logIn(_ figures: inout LoadFigures) async throws {
    try await rig.startBridge(accounts: 1)
    let first = try await rig.online(1, from: 0)
    guard !first.isEmpty else { throw TestFailure("a single account does not come online") }
    _ = try await rig.bridge.current?.cpuShare(over: plan.behindLogin)
    figures.memory.one = try rig.bridge.memory().now
    try await rig.stopBridge()

    say("log-in")
    let (mark, start) = (rig.device.messages.count, ContinuousClock.now)
    try await rig.startBridge()
    let moments = try await rig.online(rig.accounts, from: mark)
    figures.login = .init(moments, of: rig.accounts, since: start, cpu: try cpu())
  }

  private func idle(_ figures: inout LoadFigures) async throws {
    say("idle")
    _ = try await rig.bridge.current?.cpuShare(over: plan.behindLogin)
    figures.idle = try await rig.bridge.current?.cpuShare(over: plan.idle) ?? 0
    figures.memory.idle = try rig.bridge.memory().now
  }

  // MARK: Steady load

  private func load(_ figures: inout LoadFigures) async throws {
    say("load")
    let count = plan.messages * rig.accounts
    let rate = plan.rate * Double(rig.accounts)
    let before = try cpu()
    let (usedBefore, start) = (try used(), ContinuousClock.now)
    let up = LoadLane(rig, .toXMPP, run: "up", count: count, size: plan.size)
    let down = LoadLane(rig, .toMQTT, run: "down", count: count, size: plan.size)
    async let rising: Void = up.send(rate: rate)
    async let falling: Void = down.send(rate: rate)
    _ = try await (rising, falling)
    let time = start.duration(to: .now)
    figures.shares = try used().merging(usedBefore) { ($0 - $1) / time.seconds }
    figures.toXMPP = Crossing(try await up.arrivals(), sent: count, accounts: rig.accounts)
    figures.toMQTT = Crossing(try await down.arrivals(), sent: count, accounts: rig.accounts)
    figures.cpu = try cpu() - before
  }

  /// CPU seconds of everybody who takes part.
  private func used() throws -> [LoadFigures.Program: Double] {
    var used: [LoadFigures.Program: Double] = [.load: ProcessInfo.processInfo.cpuTime.seconds]
    used[.bridge] = try cpu().seconds
    used[.broker] = try rig.broker.process.current?.cpuTime().seconds
    used[.server] = try rig.server.process.current?.cpuTime().seconds
    return used
  }

  // MARK: Mass reconnect

  /// The XMPP server is killed, the device goes on, and the server comes back.
  private func reconnect(_ figures: inout LoadFigures) async throws {
    say("reconnect")
    let mark = rig.device.messages.count
    let before = try cpu()
    try await rig.server.kill()
    let death = ContinuousClock.now
    let up = LoadLane(rig, .toXMPP, run: "upagain", count: rig.accounts, size: plan.size)
    try await up.send(rate: nil)
    try await rig.server.start()
    let back = ContinuousClock.now
    figures.outage = death.duration(to: back)
    try await rig.aliceConnects()
    // To accounts that are back and to accounts that are not: for those the server keeps them.
    let down = LoadLane(rig, .toMQTT, run: "downagain", count: rig.accounts, size: plan.size)
    try await down.send(rate: nil)
    let moments = try await rig.online(rig.accounts, from: mark)
    figures.reconnect = .init(moments, of: rig.accounts, since: back, cpu: try cpu() - before)
    figures.meanwhileToXMPP = Crossing(try await up.arrivals(), sent: rig.accounts, accounts: rig.accounts)
    let crossing = Crossing(try await down.arrivals(), sent: rig.accounts, accounts: rig.accounts)
    figures.meanwhileToMQTT = crossing
    if crossing.lost > 0 || figures.meanwhileToXMPP?.lost != 0 { figures.waiting = try await rig.waiting() }
    for account in crossing.missing { figures.keptByServer += try await rig.keptByServer(for: account) }
  }
}

extension ProcessInfo {
  /// CPU time of this process.
  fileprivate var cpuTime: Duration {
    .seconds(1) * (Double(clock()) / Double(CLOCKS_PER_SEC))
  }
}
