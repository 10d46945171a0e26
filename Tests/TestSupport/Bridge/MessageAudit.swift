/// Counts numbered messages: what is lost, doubled or out of order.
public struct MessageAudit: Sendable, CustomStringConvertible {
  /// Distinguishes this run's messages from what another scenario left behind.
  public let run: String
  /// How many messages are sent: numbers 0 ..< count.
  public let count: Int
  /// The numbers in order of arrival.
  public private(set) var arrivals: [Int] = []
  /// What arrived and is no message of this run.
  public private(set) var foreign: [String] = []
  /// The longest time between two arrivals of those that were counted with their moment.
  public private(set) var longestGap: Duration = .zero
  private var lastArrival: ContinuousClock.Instant?
  /// Numbers that had arrived before another witness counted.
  private var arrivedBefore: Set<Int> = []

  /// An audit of `count` messages.
  /// - Parameters:
  ///   - run: any short text without spaces.
  public init(_ run: String, count: Int) {
    self.run = run
    self.count = count
  }

  /// The bodies to send.
  public var bodies: [String] { (0..<count).map(body) }

  /// The body of one message: the number, and text that makes it about a hundred bytes long.
  public func body(_ number: Int) -> String {
    "SEQ=\(number) RUN=\(run) the quick brown fox jumps over the lazy dog, and <&> ü 👍 come through unchanged"
  }

  /// The number in a body; nil if it is no message of this run.
  public func number(in body: String) -> Int? {
    guard body.hasPrefix("SEQ="), body.contains(" RUN=\(run) ") else { return nil }
    return Int(body.dropFirst(4).prefix { $0 != " " })
  }

  /// Whether this body is the last message of the run.
  public func isLast(_ body: String) -> Bool { number(in: body) == count - 1 }

  /// Counts an arrival.
  /// - Parameter moment: when it arrived; nil where that is not of interest.
  public mutating func record(_ body: String, at moment: ContinuousClock.Instant? = nil) {
    guard let number = number(in: body), body == self.body(number) else {
      foreign.append(body)
      return
    }
    arrivals.append(number)
    guard let moment else { return }
    if let lastArrival { longestGap = max(longestGap, lastArrival.duration(to: moment)) }
    lastArrival = moment
  }

  /// Counts arrivals.
  public mutating func record(contentsOf bodies: some Sequence<String>) {
    for body in bodies { record(body) }
  }

  /// Counts these arrivals and none of those before, whose gaps stay known and which are not lost: for what a better
  /// witness has seen.
  public mutating func recount(_ bodies: some Sequence<String>) {
    arrivedBefore.formUnion(arrivals)
    (arrivals, foreign) = ([], [])
    record(contentsOf: bodies)
  }

  /// Forgets in which order the messages arrived, for where the order is not to be judged.
  public mutating func sort() { arrivals.sort() }

  /// Forgets all but the first arrival of each message.
  public mutating func ignoreDoubles() {
    var seen: Set<Int> = []
    arrivals.removeAll { !seen.insert($0).inserted }
  }

  /// Numbers that never arrived.
  public var lost: [Int] {
    let seen = arrivedBefore.union(arrivals)
    return (0..<count).filter { !seen.contains($0) }
  }

  /// Numbers that arrived, and that the better witness has not seen.
  public var unwitnessed: [Int] { arrivedBefore.subtracting(arrivals).sorted() }

  /// Numbers that arrived again, once for every repeat.
  public var doubled: [Int] {
    var seen = Set<Int>()
    return arrivals.filter { !seen.insert($0).inserted }
  }

  /// Numbers whose first arrival came after that of a higher one.
  public var outOfOrder: [Int] {
    var seen = Set<Int>()
    var highest = -1
    var late: [Int] = []
    for number in arrivals where seen.insert(number).inserted {
      if number < highest { late.append(number) }
      highest = max(highest, number)
    }
    return late
  }

  /// Whether each arrived exactly once and in order, and nothing else did.
  public var isPerfect: Bool {
    foreign.isEmpty && arrivals == Array(0..<count)
  }

  /// For people.
  public var description: String {
    func list(_ numbers: [Int]) -> String {
      numbers.isEmpty ? "0" : "\(numbers.count) (\(numbers.prefix(8).map(String.init).joined(separator: " "))…)"
    }
    return "\(arrivals.count) arrivals of \(count): lost \(list(lost)), doubled \(list(doubled)), "
      + "out of order \(list(outOfOrder)), foreign \(foreign.count)"
  }
}
