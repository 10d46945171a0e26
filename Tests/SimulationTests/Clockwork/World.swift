import TestSupport

@testable import Bridge

/// One scenario: everything that takes part in it, one clock, one queue of events, and one generator that decides
/// everything. The same seed gives the same run.
final class World {
  let seed: UInt64
  let scenario: Scenario
  /// What is wrong with the bridge on purpose.
  let plant: PlantedBug?
  private var random: SeededGenerator
  /// Of its own, so that a seed keeps the run that it has had.
  private var crowds: SeededGenerator
  private(set) var now: Duration = .zero
  private var agenda = Agenda()
  private var endings: [() -> Void] = []

  private(set) lazy var journal = ModelJournal(world: self)
  private(set) lazy var server = ModelServer(world: self)
  private(set) lazy var broker = ModelBroker(world: self)
  let truth = Truth()
  /// The bridge's process, while there is one.
  private(set) var process: BridgeProcess?
  /// All there ever were: what is still to come may concern a dead one, which then does nothing.
  private var processes: [BridgeProcess] = []
  private var isReachable = true

  /// How many actions the bridge has taken, which faults may wait for.
  private var actions = 0
  private var waiting: [(action: Int, fault: Fault)] = []
  /// Nothing goes wrong any more.
  private(set) var isHealed = false

  /// The first thing that is not as it should be.
  private(set) var complaint: String?
  /// What happened, if anybody wants to know.
  private(set) var trace: [String] = []
  private let isTracing: Bool
  /// What has happened so far, in numbers.
  private(set) var tally = Tally()

  /// When everything has to be at rest: far behind the longest wait of a reconnect policy.
  private static let patience = Duration.seconds(7_200)
  /// More events than any run has that comes to rest.
  private static let most = 20_000

  init(seed: UInt64, plant: PlantedBug? = nil, isTracing: Bool = false) {
    self.seed = seed
    self.plant = plant
    self.isTracing = isTracing
    random = SeededGenerator(seed: seed)
    crowds = SeededGenerator(seed: ~seed)
    scenario = Scenario(&random)
  }

  // MARK: Running

  /// Runs until everything is at rest, or something is wrong.
  func run() {
    startProcess()
    for (time, errand) in scenario.errands { at(time) { [self] in run(errand) } }
    for fault in scenario.faults {
      switch fault.trigger {
      case .time(let time): at(time) { [self] in if !isHealed { inflict(fault) } }
      case .action(let count): waiting.append((count, fault))
      }
    }
    at(scenario.span) { [self] in heal() }
    var steps = 0
    while complaint == nil, let (time, body) = agenda.popFirst() {
      steps += 1
      now = time
      body()
      if let process { truth.look(at: process, in: self) }
      if isHealed, isAtRest {
        truth.conclude(self)
        break
      }
      if now > scenario.span + Self.patience || steps > Self.most {
        complain("no rest: \(truth.open(self))")
      }
    }
    dismantle()
  }

  /// Everything that can be delivered has been.
  private var isAtRest: Bool {
    guard let process else { return false }
    return journal.isAtRest && broker.isAtRest && server.isAtRest && process.isAtRest
  }

  private func heal() {
    note("nothing goes wrong any more")
    isHealed = true
    waiting = []
    journal.recover()
    broker.recover()
    isReachable = true
  }

  /// What to do when the run is over, so that nothing keeps anything alive.
  func atTheEnd(_ body: @escaping () -> Void) { endings.append(body) }

  private func dismantle() {
    agenda.removeAll()
    for ending in endings { ending() }
    endings = []
    server.dismantle()
  }

  // MARK: Time and chance

  func at(_ time: Duration, _ body: @escaping () -> Void) { agenda.add(at: max(time, now), body) }

  func after(_ pace: Pace, _ body: @escaping () -> Void) { at(now + draw(pace), body) }

  func draw(_ pace: Pace) -> Duration { pace.draw(&random) }

  /// A number from 0 up to, but not including, a bound.
  func below(_ bound: Int) -> Int { random.below(bound) }

  /// True in so many cases of a hundred.
  func chance(_ percent: Int) -> Bool { random.chance(percent) }

  /// A number from 0 up to, but not including, 1.
  func fraction() -> Double { Double(random.below(1_000)) / 1_000 }

  /// For how long others log in before the account may; nil if it need not wait.
  func crowd() -> Duration? { crowds.chance(20) ? .milliseconds(crowds.below(10_000)) : nil }

  /// Milliseconds since 1970.
  var wallClock: Int64 { 1_795_356_000_000 + Int64(now / .milliseconds(1)) }

  // MARK: What is said about it

  func note(_ text: @autoclosure () -> String) {
    guard isTracing else { return }
    trace.append("\(now / .milliseconds(1)) ms  \(text())")
  }

  func count(_ what: String) { tally.add(what) }

  func complain(_ text: String) {
    guard complaint == nil else { return }
    complaint = text
    note("WRONG: \(text)")
  }

  // MARK: The bridge's process

  /// The bridge is about to do something: this is where it may be struck.
  func action(_ text: @autoclosure () -> String) {
    actions += 1
    note("bridge: \(text())")
    guard !waiting.isEmpty else { return }
    for (count, fault) in waiting where count == actions { inflict(fault) }
    waiting.removeAll { $0.action <= actions }
  }

  private func startProcess() {
    guard process == nil else { return }
    let number = processes.count + 1
    note("process \(number) starts")
    let new = BridgeProcess(world: self, number: number)
    processes.append(new)
    process = new
    new.start()
  }

  /// The process is gone; another one is started some time later.
  func endProcess(hasPower: Bool) {
    guard let process else { return }
    process.die(hasPower: hasPower)
    journal.processDied(number: process.number)
    self.process = nil
    at(now + .milliseconds(below([5, 3_000][below(2)]))) { [self] in startProcess() }
  }

  /// Messages that the bridge would send again on a new stream: those whose rows it has not trimmed, as far as it knows.
  var unacknowledgedRows: [String] {
    journal.names(in: .outbound, after: process?.core.record.trimmed ?? 0)
  }

  /// Whether somebody can be connected to.
  var canConnect: Bool { isReachable }

  /// Nothing can be reached for so long.
  func isolate(for duration: Duration) {
    isReachable = false
    at(now + duration) { [self] in isReachable = true }
  }

  // MARK: Errands

  private func run(_ errand: Scenario.Errand) {
    switch errand {
    case .publish(let contact, let name, let isAsked):
      note("a device publishes \(name) for \(Scenario.contacts[contact])")
      broker.publish(name, to: Scenario.contacts[contact], isAsked: isAsked)
    case .message(let contact, let name):
      let from = Scenario.contacts[contact]
      note("\(from) sends \(name)")
      truth.sent(name, by: from)
      server.send(name, from: from)
    case .stranger:
      note("a stranger sends something")
      server.say(
        "<message from='mallory@evil.example/x' to='bot@example.org' type='chat' id='m'><body>evil</body></message>")
    case .noise:
      note("noise")
      server.say(
        chance(50)
          ? "<presence from='alice@example.org/a' to='bot@example.org'/>"
          : "<iq type='get' id='q\(actions)' from='example.org' to='bot@example.org/b'><ping xmlns='urn:xmpp:ping'/></iq>"
      )
    }
  }
}
