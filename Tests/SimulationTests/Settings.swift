import Glibc

/// What the environment says about how much is to be simulated.
enum Settings {
  /// `SIMULATION_SEED`: only this run, with its trace.
  static var only: UInt64? { number("SIMULATION_SEED") }
  /// `SIMULATION_SEEDS`: so many runs.
  static var count: UInt64 { number("SIMULATION_SEEDS") ?? 100_000 }
  /// `SIMULATION_FROM`: the seed of the first.
  static var first: UInt64 { number("SIMULATION_FROM") ?? 1 }
  /// `SIMULATION_FOREVER`: until something is wrong.
  static var isForever: Bool { number("SIMULATION_FOREVER") == 1 }

  private static func number(_ name: String) -> UInt64? { getenv(name).flatMap { UInt64(String(cString: $0)) } }
}
