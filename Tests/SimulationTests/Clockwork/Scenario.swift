import TestSupport

/// What a seed makes of a run before it begins: how the bridge is configured, how fast everything is, who says what and
/// when, and what goes wrong.
struct Scenario {
  /// Something that people or devices do.
  enum Errand {
    /// A device publishes a message for a contact.
    case publish(contact: Int, name: String, isAsked: Bool)
    /// A contact sends the account a message.
    case message(contact: Int, name: String)
    /// Somebody who may not talk to the account does.
    case stranger
    /// The server says something that means nothing to MQTT.
    case noise
  }

  var hold: Duration
  var holdMessages: Int
  /// Rows of a spool that the bridge has in memory.
  var windowRows: Int
  /// Stanzas that may be unacknowledged.
  var streamWindow: Int
  /// Publishes that may be in flight.
  var publishWindow: Int
  /// Messages that a spool takes before its upstream is sent away.
  var journalLimit: Int
  /// Whether contacts are permitted by the roster rather than by their domain.
  var usesRoster: Bool

  var network: Pace
  var disk: Pace
  /// What a flush takes on top.
  var flush: Pace
  /// A wake-up of another thread.
  var hop: Pace
  var server: ModelServer.Behaviour
  var broker: ModelBroker.Behaviour

  /// When the last errand is done and the last thing has gone wrong.
  var span: Duration
  var errands: [(time: Duration, errand: Errand)]
  var faults: [Fault]

  /// Bare addresses of the contacts.
  static let contacts = ["alice@example.org", "carol@example.org", "dave@example.org"]

  init(_ random: inout SeededGenerator) {
    hold = [.zero, .milliseconds(200), .seconds(2)][random.below(3)]
    holdMessages = [1, 3, 16][random.below(3)]
    windowRows = [2, 4, 1_024][random.below(3)]
    streamWindow = [1, 4, 1_000][random.below(3)]
    publishWindow = [1, 3, 100][random.below(3)]
    usesRoster = random.chance(30)
    let network = Pace(usual: [50, 2_000, 60_000][random.below(3)])
    self.network = network
    disk = Pace(usual: [100, 3_000, 150_000][random.below(3)])
    flush = Pace(usual: [1_000, 20_000, 800_000][random.below(3)])
    hop = Pace(usual: [0, 20, 500][random.below(3)])
    server = ModelServer.Behaviour(&random)
    // A stream that cannot be parked is logged out when the journal is full, and begins from its beginning again: with a
    // journal smaller than what the server has stored that has no end.
    journalLimit = random.chance(25) && server.resumes ? 2 + random.below(4) : 100_000
    broker = ModelBroker.Behaviour(&random)
    let span = Duration.milliseconds([300, 4_000, 30_000][random.below(3)] + network.usual / 100)
    self.span = span

    var errands: [(time: Duration, errand: Errand)] = []
    let burst = random.chance(40)
    for number in 0..<(2 + random.below(9)) {
      // Now and then a device says the same again.
      if random.chance(10), case .publish(_, _, false) = errands.last?.errand, let last = errands.last {
        errands.append(last)
        continue
      }
      let contact = random.below(Self.contacts.count)
      let errand: Errand
      switch random.below(20) {
      case 0..<9:
        errand = .publish(contact: contact, name: "p\(number)", isAsked: random.chance(30))
      case 9..<17: errand = .message(contact: contact, name: "c\(number)")
      case 17: errand = .stranger
      default: errand = .noise
      }
      let range = burst ? max(1, number / 4) * 200 : Int(span / .milliseconds(1))
      errands.append((.milliseconds(random.below(range + 1)), errand))
    }
    // What one and the same sender says has the order of its names, so that an order can be checked.
    self.errands = zip(errands.map(\.time).sorted(), errands.map(\.errand)).map { ($0, $1) }
    faults = (0..<random.below(6)).map { _ in Fault(&random, span: span) }
  }
}
