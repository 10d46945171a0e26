import Platform
import Synchronization

/// Numbered messages both ways at the same time, faults in the midst of them, and the account of what arrived.
///
/// Each fault has a portion of the messages to itself: a burst at full speed, or none, and then a trickle that goes on
/// until the fault is over. So every fault falls into traffic, and the next one comes only when the link, or the program,
/// is back that it breaks again.
public final class Traffic: Sendable {
  /// A way through the bridge.
  public enum Way: String, Sendable, CaseIterable {
    /// From the device to alice.
    case toXMPP = "MQTT → XMPP"
    /// From alice to the device.
    case toMQTT = "XMPP → MQTT"
  }

  /// At which rate a portion begins.
  public enum Pace: Sendable, CaseIterable {
    /// As fast as it goes.
    case full
    /// A hundred a second.
    case steady
  }

  /// When a fault happens.
  public struct Instant: Sendable {
    /// The way that is watched.
    public var way = Way.toXMPP
    /// So many messages of the portion have arrived there.
    public var after: Int
    /// How the messages of the portion are sent.
    public var pace = Pace.full

    /// In the midst of a burst to alice, unless it says otherwise.
    public init(after: Int, way: Way = .toXMPP, pace: Pace = .full) {
      self.after = after
      self.way = way
      self.pace = pace
    }
  }

  /// What is going through.
  public let rig: BridgeRig
  private let burst: Int
  private let patience: Duration
  /// The next number of each way.
  private let numbers = Lock<[Way: Int]>([:])

  /// - Parameters:
  ///   - burst: messages each way in the burst of a portion. The last portion, behind all faults, is a burst.
  ///   - patience: how long to wait in the end for what has not arrived.
  public init(_ rig: BridgeRig, burst: Int, patience: Duration = Patience.stream) {
    self.rig = rig
    self.burst = burst
    self.patience = patience
  }

  // MARK: Running

  /// Sends, and lets a fault happen at each instant; returns when everything has arrived at both ends, or will not.
  /// - Parameters:
  ///   - hushed: the ways whose sender is silent during a fault, because its own server goes away and would lose what no
  ///     bridge has ever seen.
  ///   - fault: makes the fault of that number, from 0, happen, and returns when it is over.
  public func run(
    _ instants: [Instant] = [], hushed: Set<Way> = [], _ fault: @Sendable (Int) async throws -> Void = { _ in }
  ) async throws {
    for (number, instant) in instants.enumerated() {
      try await portion(instant, hushed: hushed) { try await fault(number) }
    }
    async let rising: Void = send(burst, .toXMPP)
    async let falling: Void = send(burst, .toMQTT)
    _ = try await (rising, falling)
  }

  private func portion(_ instant: Instant, hushed: Set<Way>, _ fault: () async throws -> Void) async throws {
    let number = sent(instant.way) + instant.after
    let mark = arrivalCount(instant.way)
    let (risingEnds, fallingEnds) = (Flag(), Flag())
    async let rising: Void = send(.toXMPP, instant.pace, until: risingEnds)
    async let falling: Void = send(.toMQTT, instant.pace, until: fallingEnds)
    try await arrival(of: number, instant.way, from: mark)
    if hushed.contains(.toXMPP) {
      risingEnds.raise()
      try await rising
    }
    if hushed.contains(.toMQTT) {
      fallingEnds.raise()
      try await falling
    }
    try await fault()
    risingEnds.raise()
    fallingEnds.raise()
    _ = try await (rising, falling)
  }

  /// How many messages were sent that way so far.
  public func sent(_ way: Way) -> Int { numbers.withLock { $0[way, default: 0] } }

  /// Returns once this many messages more have been handed to the sender's server that way.
  public func isSent(_ count: Int, _ way: Way) async throws {
    let goal = sent(way) + count
    while sent(way) < goal { try await Task.sleep(for: Self.tick) }
  }

  /// Returns once this many messages more have arrived that way.
  public func arrives(_ count: Int, _ way: Way) async throws {
    let number = sent(way) + count - 1
    try await arrival(of: number, way, from: arrivalCount(way))
  }

  /// Returns once the last message that was sent that way has arrived.
  /// - Parameter patience: how long that may take.
  public func isDrained(_ way: Way, within patience: Duration) async throws {
    let last = sent(way) - 1
    try await arrival("message \(last)", way, within: patience) { $0 == last }
  }

  // MARK: Sending

  private static let tick = Duration.milliseconds(20)
  private static let trickle = 2

  private func send(_ way: Way, _ pace: Pace, until flag: Flag) async throws {
    if pace == .full { try await send(burst, way) }
    while !flag.isRaised {
      try await send(Self.trickle, way)
      try await Task.sleep(for: Self.tick)
    }
    // An answered request proves that alice's server has everything before it; the broker has acknowledged each publish.
    if way == .toMQTT { _ = try await rig.alice.iq("get", "<query xmlns='jabber:iq:roster'/>") }
  }

  /// Sends this many messages that way at full speed. For a fault that has hushed the way's sender.
  public func send(_ count: Int, _ way: Way) async throws {
    // A packet id has 16 bits.
    guard count <= 10_000 else {
      try await send(10_000, way)
      return try await send(count - 10_000, way)
    }
    let first = sent(way)
    let audit = audit(way, count: 0)
    let bodies = (first..<(first + count)).map(audit.body)
    switch way {
    case .toXMPP:
      let topic = rig.sendTopic
      try await rig.device.publish(contentsOf: bodies.map { MQTTMessage(topic, $0) })
    case .toMQTT: try await rig.alice.send(bodies: bodies, to: rig.botJID)
    }
    numbers.withLock { $0[way, default: 0] += count }
  }

  private func audit(_ way: Way, count: Int) -> MessageAudit {
    MessageAudit(way == .toXMPP ? "to-xmpp" : "to-mqtt", count: count)
  }

  // MARK: Arriving

  private func arrivalCount(_ way: Way) -> Int {
    switch way {
    case .toXMPP: rig.alice.messages.count
    case .toMQTT: rig.device.messages.count
    }
  }

  /// Waits for a message of at least this number.
  private func arrival(of number: Int, _ way: Way, from mark: Int) async throws {
    try await arrival("message \(number)", way, from: mark, within: Patience.reconnect) { $0 >= number }
  }

  private func arrival(
    _ what: String, _ way: Way, from mark: Int = 0, within patience: Duration,
    _ matches: @escaping @Sendable (Int) -> Bool
  ) async throws {
    let audit = audit(way, count: 0)
    switch way {
    case .toXMPP:
      _ = try await rig.alice.messages.first(what, from: mark, timeout: patience) { message in
        audit.number(in: message.body).map(matches) ?? false
      }
    case .toMQTT:
      let topic = rig.messageTopic
      _ = try await rig.device.messages.first(what, from: mark, timeout: patience) { message in
        guard message.topic == topic, let body = try? BridgedMessage(message).body else { return false }
        return audit.number(in: body).map(matches) ?? false
      }
    }
  }

  // MARK: The account

  /// What arrived at the two ends.
  public struct Result: Sendable {
    /// Messages to alice.
    public var toXMPP: MessageAudit
    /// Messages to the device.
    public var toMQTT: MessageAudit
    /// The `seq` of each message to the device.
    public var sequence: [Int]
    /// Messages to the device that the server has read and neither delivered nor put into the archive of the recipient.
    public var lostByServer: [Int] = []

    /// Whether each `seq` that the device had not seen before is one more than the last such.
    public var isInOrderOfSequence: Bool {
      var last = (sequence.first ?? 1) - 1
      for seq in sequence where seq > last {
        guard seq == last + 1 else { return false }
        last = seq
      }
      return true
    }

    /// Repeats of a `seq`, once for every repeat.
    public var repeats: Int { sequence.count - Set(sequence).count }
  }

  /// Waits for what has not arrived, and counts.
  /// - Parameter usesArchive: whether the archive of the bridge's account is the witness of what the server took from it,
  ///   because alice's own connection was lost on the way; only the last burst is then waited for. What alice has got is
  ///   not lost, whatever the archive says.
  public func result(usesArchive: Bool = false) async throws -> Result {
    let (rising, falling) = (sent(.toXMPP), sent(.toMQTT))
    // Behind the last burst the archive holds everything that it will ever hold.
    async let up: Void = completion(.toXMPP, Set((usesArchive ? max(rising - burst, 0) : 0)..<rising))
    async let down: Void = completion(.toMQTT, Set((usesArchive ? max(falling - burst, 0) : 0)..<falling))
    _ = try await (up, down)
    var result = Result(
      toXMPP: audit(.toXMPP, count: rising), toMQTT: audit(.toMQTT, count: falling), sequence: [])
    for alice in rig.allAlices {
      for (message, moment) in alice.messages.timeline { result.toXMPP.record(message.body, at: moment) }
    }
    var known = Set(0..<falling)
    if usesArchive {
      let witness = try await XMPPTestClient.connect(
        .bot, port: rig.server.port, resource: "witness", available: false)
      let archive = try await witness.archive(with: rig.alice.bareJID)
      result.toXMPP.recount(archive.filter { $0.from.hasPrefix(rig.botJID) }.map(\.body))
      known = Set(archive.compactMap { audit(.toMQTT, count: falling).number(in: $0.body) })
      try await completion(.toMQTT, known)
    }
    for (message, moment) in rig.device.messages.timeline where message.topic == rig.messageTopic {
      let bridged = try BridgedMessage(message)
      result.toMQTT.record(bridged.body ?? "", at: moment)
      result.sequence.append(bridged.seq)
    }
    result.lostByServer = result.toMQTT.lost.filter { !known.contains($0) }
    return result
  }

  /// Returns when every message has arrived, in whichever order, or none has come for long: what is lost is counted, and
  /// not waited for in vain.
  private func completion(_ way: Way, _ wanted: Set<Int>) async throws {
    var before = Set<Int>()
    if way == .toXMPP {
      let audit = audit(way, count: 0)
      before = Set(rig.allAlices.dropLast().flatMap { $0.messages.all.compactMap { audit.number(in: $0.body) } })
    }
    let missing = Lock(wanted.subtracting(before))
    guard missing.withLock({ !$0.isEmpty }) else { return }
    do {
      try await arrival("every message", way, within: patience) { number in
        missing.withLock { missing in
          missing.remove(number)
          return missing.isEmpty
        }
      }
    } catch is TimedOut {}
  }

  /// Raised once.
  private final class Flag: Sendable {
    private let value = Atomic<Bool>(false)
    var isRaised: Bool { value.load(ordering: .acquiring) }
    func raise() { value.store(true, ordering: .releasing) }
  }
}
