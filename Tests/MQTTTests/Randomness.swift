/// The same numbers in every run, so that a failure can be repeated (SplitMix64).
struct Randomness: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }

  /// A topic or filter of few levels out of few names, so that matches are common.
  mutating func path(wildcards: Bool) -> String {
    let names = ["a", "b", "", "$x", "home"]
    var levels: [String] = []
    for _ in 0...below(4) {
      switch wildcards ? below(8) : 7 {
      case 0, 1: levels.append("+")
      case 2:
        levels.append("#")
        return levels.joined(separator: "/")
      default: levels.append(names[below(names.count)])
      }
    }
    let path = levels.joined(separator: "/")
    return path.isEmpty ? "a" : path
  }
}
