import Foundation
import TestSupport

/// What runs while a load does.
enum LoadProgram: String, CaseIterable, Sendable {
  case bridge, broker
  case server = "XMPP server"
  case load = "load generator"

  /// CPU time that each has used so far; nothing for one that does not run.
  static func used(_ rig: LoadRig) -> [LoadProgram: Duration] {
    func used(_ process: ChildProcess?) -> Duration { process.flatMap { try? $0.cpuTime() } ?? .zero }
    return [
      .load: .seconds(1) * (Double(clock()) / Double(CLOCKS_PER_SEC)),
      .bridge: used(try? rig.bridge.current),
      .broker: used(rig.broker.process.current),
      .server: used(rig.server.process.current),
    ]
  }

  /// What each has used of a core since `earlier`, if that was so long ago.
  static func shares(
    _ now: [LoadProgram: Duration], since earlier: [LoadProgram: Duration], over time: Duration
  ) -> [LoadProgram: Double] {
    time > .zero ? now.merging(earlier, uniquingKeysWith: -).mapValues { $0 / time } : [:]
  }

  /// A row for each of them.
  static func rows<Figures>(
    _ name: String, _ column: String, _ shares: @escaping @Sendable (Figures) -> [LoadProgram: Double]
  ) -> [LoadRow<Figures>] {
    allCases.map { program in
      LoadRow("\(name): \(program.rawValue)", "\(column)_\(program)", digits: 2) { shares($0)[program] }
    }
  }
}
