import Testing
import XMPP

/// Both directions over links that are cut at random, again and again, with thousands of seeds.
@Suite struct ResumptionPropertyTests {
  /// Counts on the wire start again at 0 in the middle of such a run.
  static let bases: [UInt64?] = [nil, 0xFFFF_FFFE, 0xFFFF_FFF0, 0xFFFF_FFFF, 0x1_FFFF_FFF8, 7]

  private func simulation(_ seed: UInt64, _ faults: Simulation.Faults) throws -> Simulation {
    let base = Self.bases[Int(seed % UInt64(Self.bases.count))]
    var simulation = try Simulation(seed: seed, base: base, faults: faults)
    try simulation.run(steps: 250)
    #expect(simulation.complaint == nil, "seed \(seed)")
    #expect(simulation.server.complaint == nil, "seed \(seed)")
    let isEstablished = simulation.session.isEstablished
    #expect(isEstablished, "seed \(seed)")
    return simulation
  }

  /// Both ends agree on both counts, and nothing is on the way.
  private func expectRest(_ simulation: Simulation, _ seed: UInt64) {
    let session = simulation.server.session
    let resumable = simulation.session.resumable
    #expect(session?.unconfirmed == [], "seed \(seed)")
    #expect(resumable?.unacknowledged == [], "seed \(seed)")
    #expect(session?.handled == resumable.map { UInt32(truncatingIfNeeded: $0.outbound) }, "seed \(seed)")
    #expect(session?.confirmed == resumable.map { UInt32(truncatingIfNeeded: $0.inbound) }, "seed \(seed)")
  }

  @Test(
    "cuts, and deaths of the process: nothing lost, nothing doubled, order kept, counts equal",
    arguments: [false, true])
  func exactlyOnce(_ crashes: Bool) throws {
    var (resumptions, repetitions) = (0, 0)
    for seed in 1...1000 as ClosedRange<UInt64> {
      let simulation = try simulation(seed, .init(crashes: crashes))
      #expect(simulation.server.taken == Self.numbers(Int(simulation.sent)), "seed \(seed)")
      #expect(simulation.journal.arrived == Self.numbers(simulation.pushed), "seed \(seed)")
      expectRest(simulation, seed)
      resumptions += simulation.resumptions
      repetitions += simulation.repetitions
    }
    // The runs are worth something.
    #expect(resumptions > 3000)
    #expect(repetitions > 3000)
  }

  @Test("a server that forgets sessions but tells its count: nothing of ours lost or doubled, nothing of its lost")
  func forgetsWithCount() throws {
    for seed in 10_001...10_600 as ClosedRange<UInt64> {
      let simulation = try simulation(seed, .init(crashes: true, restarts: true))
      #expect(simulation.server.taken == Self.numbers(Int(simulation.sent)), "seed \(seed)")
      #expect(Self.firsts(simulation.journal.arrived) == Self.numbers(simulation.pushed), "seed \(seed)")
      expectRest(simulation, seed)
    }
  }

  @Test("a server that forgets everything: nothing lost")
  func forgetsEverything() throws {
    for seed in 20_001...20_300 as ClosedRange<UInt64> {
      let simulation = try simulation(seed, .init(crashes: true, restarts: true, remembersCount: false))
      #expect(Self.firsts(simulation.server.taken) == Self.numbers(Int(simulation.sent)), "seed \(seed)")
      #expect(Self.firsts(simulation.journal.arrived) == Self.numbers(simulation.pushed), "seed \(seed)")
      expectRest(simulation, seed)
    }
  }

  /// 1…count.
  private static func numbers(_ count: Int) -> [Int] { (0..<count).map { $0 + 1 } }

  /// Every number at its first place.
  private static func firsts(_ ids: [Int]) -> [Int] {
    var seen: Set<Int> = []
    return ids.filter { seen.insert($0).inserted }
  }
}
