import Testing

/// The whole bridge in one process, against model servers, under simulated time, with everything going wrong.
@Suite struct SimulationTests {
  /// Runs go on two threads: the cores of a small machine.
  private static let threads: UInt64 = 2

  /// Runs one scenario; a failure tells its seed and what happened.
  private func run(_ seed: UInt64) -> Tally {
    let world = World(seed: seed)
    world.run()
    guard let complaint = world.complaint else { return world.tally }
    let again = World(seed: seed, isTracing: true)
    again.run()
    Issue.record("seed \(seed): \(complaint)\n\(Self.excerpt(again.trace))")
    return world.tally
  }

  /// A run that never comes to rest has a long tail of no interest.
  private static func excerpt(_ trace: [String]) -> String {
    guard trace.count > 600 else { return trace.joined(separator: "\n") }
    return (trace.prefix(400) + ["…"] + trace.suffix(100)).joined(separator: "\n")
  }

  @Test(
    "nothing released that is not safe; in the end nothing lost, nothing doubled, order kept, both counts equal",
    .enabled(if: Settings.only == nil), arguments: 0..<threads)
  func everyRunKeepsTheWord(thread: UInt64) {
    var seed = Settings.first + thread
    while Settings.isForever || seed < Settings.first + Settings.count {
      _ = run(seed)
      seed += Self.threads
      if Settings.isForever, (seed - Settings.first) / Self.threads % 10_000 == 0 { print("seed \(seed): all is well") }
    }
  }

  @Test("one run, with its trace", .enabled(if: Settings.only != nil))
  func oneRun() {
    let world = World(seed: Settings.only ?? 0, isTracing: true)
    world.run()
    print(Self.excerpt(world.trace))
    #expect(world.complaint == nil)
  }

  @Test("a seed gives the same run every time")
  func replay() {
    for seed in 1...40 as ClosedRange<UInt64> {
      let runs = (0..<2).map { _ in
        let world = World(seed: seed, isTracing: true)
        world.run()
        return world.trace
      }
      #expect(runs[0] == runs[1], "seed \(seed)")
      #expect(runs[0].count > 20)
    }
  }

  @Test("the runs are worth something: everything happens in them, and often")
  func runsAreWorthSomething() {
    var tally = Tally()
    for seed in 1...2_000 as ClosedRange<UInt64> { tally.add(run(seed)) }
    for kind in Fault.Kind.allCases { #expect(tally["\(kind)"] > 20, "\(kind)") }
    for (what, least) in Self.least { #expect(tally[what] > least, "\(what)") }
  }

  private static let least = [
    "to XMPP": 3_000, "to MQTT": 3_000, "again on MQTT": 20, "again on XMPP": 20, "resumed": 500,
    "refused with a count": 20, "refused without a count": 20, "redeliveries": 100, "repeats of the server's": 100,
    "report journal-full": 20, "waits for a turn": 200,
    "pages": 200, "report caught-up": 50, "report found-in-archive": 10,
  ]
}
