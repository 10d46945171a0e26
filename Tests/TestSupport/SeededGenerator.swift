/// Random numbers that a test can repeat: SplitMix64 from a seed that belongs into the message of a failure.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  /// Where it started.
  public let seed: UInt64
  private var state: UInt64

  /// A generator that always gives the same numbers for the same seed.
  public init(seed: UInt64) {
    self.seed = seed
    state = seed
  }

  /// The next number.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A number from 0 up to, but not including, a bound of at least 1.
  public mutating func below(_ bound: Int) -> Int { Int(truncatingIfNeeded: next() % UInt64(bound)) }

  /// True in so many cases of a hundred.
  public mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
}
