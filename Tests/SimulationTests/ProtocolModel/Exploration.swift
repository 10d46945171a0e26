/// A protocol as a value: where it stands, and where it can go from there.
protocol Explorable: Hashable {
  /// Every step that can be taken now by anybody, faults among them.
  func steps() -> [(what: String, next: Self)]
  /// What is wrong here; nil if nothing is.
  var fault: String? { get }
  /// What is not done although nobody can do anything; nil if everything is.
  var unfinished: String? { get }
}

/// Visits every state that a protocol can reach.
struct Exploration<State: Explorable> {
  /// How many states there are.
  private(set) var states = 0
  /// States in which nobody has anything to do.
  private(set) var ends = 0
  /// The shortest way to something wrong.
  private(set) var violation: (what: String, path: [String])?

  init(from start: State) {
    var found: [State] = [start]
    var origins: [(from: Int, what: String)] = [(-1, "")]
    var numbers: Set<State> = [start]
    var index = 0
    while index < found.count {
      let state = found[index]
      let steps = state.steps()
      var fault = state.fault
      if steps.isEmpty {
        ends += 1
        fault = fault ?? state.unfinished
      }
      if let fault {
        violation = (fault, Self.path(to: index, origins))
        break
      }
      for step in steps where numbers.insert(step.next).inserted {
        found.append(step.next)
        origins.append((index, step.what))
      }
      index += 1
    }
    states = found.count
  }

  private static func path(to index: Int, _ origins: [(from: Int, what: String)]) -> [String] {
    var path: [String] = []
    var place = index
    while origins[place].from >= 0 {
      path.append(origins[place].what)
      place = origins[place].from
    }
    return path.reversed()
  }
}
