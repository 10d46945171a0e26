import TestSupport

extension SeededGenerator {
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
