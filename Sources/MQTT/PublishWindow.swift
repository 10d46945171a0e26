import DequeModule

/// Everything that goes out on one publishing connection: what waits, what is in flight, what has to be sent again.
///
/// At most `limit` publishes are in flight. Order is kept: on a new connection what was in flight goes first, in its
/// order. Retained states go before other publishes and are sent again on every connection. A publish that the broker
/// refuses for now is tried again later; one that was in flight on three connections in a row that the broker closed is
/// sent alone, and given up (poison) if the broker closes that one too.
public struct PublishWindow: Sendable {
  /// What the broker allows on the present connection (MQTT 5 §3.2.2.3); unlimited where it says nothing.
  public struct Limits: Sendable, Equatable {
    /// Receive Maximum.
    public var receiveMaximum: Int
    /// Maximum QoS. A QoS 2 publish goes out at 1 if that is the most.
    public var maximumQoS: QoS

    /// Limits; by default those of a broker that announces none.
    public init(receiveMaximum: Int = 65_535, maximumQoS: QoS = .exactlyOnce) {
      self.receiveMaximum = receiveMaximum
      self.maximumQoS = maximumQoS
    }
  }

  /// Something to hand to the connection now.
  public struct Outgoing: Sendable, Equatable {
    /// What to publish. The token is the window's business for retained states.
    public var publish: OutboundPublish
    fileprivate var origin: Origin
  }

  fileprivate enum Origin: Sendable, Equatable {
    case publisher(Int, strikes: Int, attempts: Int)
    case state(slot: Int, version: UInt64)
  }

  private struct Retry: Sendable {
    var due: Duration
    var outgoing: Outgoing
  }

  /// The most that is ever in flight.
  public let limit: Int
  /// Times that a QoS 0 publish was dropped for want of a connection.
  public private(set) var droppedCount = 0

  private var states = RetainedStates()
  private var queuedStates: Deque<Int> = []
  private var queue: Deque<Outgoing> = []
  private var suspects: Deque<Outgoing> = []
  private var retries: [Retry] = []
  private var inFlight: Deque<Outgoing> = []
  /// The packet identifiers of what is in flight, in the same order: apart, so that looking for one copies no publish.
  private var packetIDs: Deque<UInt16> = []
  /// The one in flight is a suspect and nothing may keep it company.
  private var isAlone = false
  private var limits: Limits?
  private var answers: [(publisher: Int, result: PublishResult)] = []

  /// In flight on so many connections in a row that the broker closed: a suspect.
  public static let strikesTaken = 3
  /// The longest wait before a publish is tried again.
  public static let longestRetry: Duration = .seconds(30)

  /// An empty window.
  /// - Parameter limit: the most that may be in flight.
  public init(limit: Int = 100) {
    self.limit = max(1, limit)
  }

  /// How many are in flight.
  public var inFlightCount: Int { inFlight.count }

  /// How many answers are worth being woken for. While several publishes are in flight that is half of them, or a quarter of the
  /// window: being woken for each costs more than it, and what is still in flight keeps the broker busy meanwhile.
  public var worthwhileAnswers: Int { max(1, min(inFlight.count, limit / 2) / 2) }

  /// How many publishes and states wait to be sent for the first time or again.
  public var queuedCount: Int { queue.count + queuedStates.count + suspects.count + retries.count }

  /// Nothing is in flight and nothing can be sent.
  public var isIdle: Bool { inFlight.isEmpty && queue.isEmpty && queuedStates.isEmpty && suspects.isEmpty }

  /// When `next` has something again although nothing happened: a retry is due.
  public var deadline: Duration? { limits == nil ? nil : retries.first?.due }

  /// Takes the answers that have come up, in the order of their coming: who published, and what became of it.
  public mutating func takeAnswers() -> [(publisher: Int, result: PublishResult)] {
    var taken: [(publisher: Int, result: PublishResult)] = []
    swap(&taken, &answers)
    return taken
  }

  // MARK: What to send

  /// Takes a publish. One whose topic is no topic name is answered at once.
  public mutating func append(_ publish: consuming OutboundPublish, publisher: Int) {
    do {
      try publish.header.validateTopic()
    } catch {
      return answer(publisher, publish.token, .invalid(error.description))
    }
    guard limits != nil || publish.qos > .atMostOnce else {
      droppedCount += 1
      return answer(publisher, publish.token, .dropped)
    }
    queue.append(Outgoing(publish: publish, origin: .publisher(publisher, strikes: 0, attempts: 0)))
  }

  /// Takes the value that a retained topic shall have from now on.
  public mutating func set(_ state: RetainedState, publisher: Int?) {
    do {
      try TopicName.validate(state.topic)
    } catch {
      if let publisher, let token = state.token { answer(publisher, token, .invalid(error.description)) }
      return
    }
    let slot = states.set(state, publisher: publisher)
    if limits != nil { enqueue(slot: slot) }
  }

  private mutating func enqueue(slot: Int) {
    guard states[slot]?.isQueued == false else { return }
    states[slot]?.isQueued = true
    queuedStates.append(slot)
  }

  // MARK: The connection

  /// A connection is up. Everything that was in flight, and every retained state, waits again.
  public mutating func connected(_ limits: Limits) {
    self.limits = limits
    for slot in states.indices where states[slot]?.isPoison == false {
      if (states[slot]?.strikes ?? 0) < Self.strikesTaken { enqueue(slot: slot) }
    }
  }

  /// The next thing to hand over, if there is room for one. Answer with `sent`, `handedOver` or `refused`.
  public mutating func next(now: Duration) -> Outgoing? {
    guard let limits, !isAlone else { return nil }
    if !suspects.isEmpty {
      guard inFlight.isEmpty else { return nil }
      while let suspect = suspects.popFirst() {
        guard let current = refreshed(suspect, limits) else { continue }
        isAlone = true
        return current
      }
    }
    guard inFlight.count < min(limit, max(1, limits.receiveMaximum)) else { return nil }
    while let first = retries.first, first.due <= now {
      retries.removeFirst()
      if let current = refreshed(first.outgoing, limits) { return current }
    }
    while let slot = queuedStates.popFirst() {
      states[slot]?.isQueued = false
      if let current = outgoing(slot: slot) { return current }
    }
    guard let next = queue.popFirst() else { return nil }
    return refreshed(next, limits)
  }

  /// The publish as it has to go out now; nil for a state that has changed since, whose successor goes its own way.
  private func refreshed(_ outgoing: consuming Outgoing, _ limits: Limits) -> Outgoing? {
    switch outgoing.origin {
    case .state(let slot, let version):
      guard states[slot]?.version == version else { return nil }
    case .publisher:
      if limits.maximumQoS == .atLeastOnce, outgoing.publish.qos == .exactlyOnce { outgoing.publish.qos = .atLeastOnce }
    }
    return outgoing
  }

  private func outgoing(slot: Int) -> Outgoing? {
    guard let entry = states[slot], !entry.isPoison else { return nil }
    let state = entry.state
    return Outgoing(
      publish: OutboundPublish(
        token: entry.version, topic: state.topic, payload: state.payload, qos: .atLeastOnce, retain: true,
        properties: state.properties),
      origin: .state(slot: slot, version: entry.version))
  }

  /// It is on its way (QoS 1 or 2) under this packet identifier.
  public mutating func sent(_ outgoing: consuming Outgoing, packetID: UInt16) {
    inFlight.append(outgoing)
    packetIDs.append(packetID)
  }

  /// It was handed to the socket (QoS 0): that is all there is to it.
  public mutating func handedOver(_ outgoing: Outgoing) {
    settle(outgoing, .accepted(.success))
  }

  /// It cannot be sent, now or ever; the reason is a sentence.
  public mutating func refused(_ outgoing: Outgoing, because reason: String) {
    isAlone = false
    giveUp(outgoing, .invalid(reason))
  }

  /// The broker's answer to a packet in flight; one that is not known is ignored.
  public mutating func confirmed(packetID: UInt16, _ code: ReasonCode, now: Duration) {
    guard let index = packetIDs.firstIndex(of: packetID) else { return }
    packetIDs.remove(at: index)
    // Answers come nearly in order, and taking the first moves it.
    let outgoing = index == 0 ? inFlight.removeFirst() : inFlight.remove(at: index)
    isAlone = false
    if !code.isError {
      settle(outgoing, .accepted(code))
    } else if code.refusesForGood {
      giveUp(outgoing, .refused(code))
    } else {
      retry(outgoing, now: now)
    }
  }

  /// The connection is gone, and with it all knowledge of what was in flight.
  /// - Parameter blamesPacket: the broker closed it, for a reason that may lie in what we sent.
  public mutating func connectionLost(blamesPacket: Bool) {
    limits = nil
    let wasAlone = isAlone
    isAlone = false
    for slot in queuedStates { states[slot]?.isQueued = false }
    queuedStates.removeAll()
    retries.removeAll { if case .state = $0.outgoing.origin { true } else { false } }
    var again: [Outgoing] = []
    for outgoing in inFlight {
      if wasAlone, blamesPacket {
        giveUp(outgoing, .poison)
        continue
      }
      let struck = strike(outgoing, blamesPacket: blamesPacket)
      if struck.strikes >= Self.strikesTaken {
        suspects.append(struck.outgoing)
      } else if case .publisher = struck.outgoing.origin {
        again.append(struck.outgoing)
      }
    }
    inFlight.removeAll(keepingCapacity: true)
    packetIDs.removeAll(keepingCapacity: true)
    queue.prepend(contentsOf: again)
    dropUnconnected()
  }

  /// Counts one more connection that was closed on this publish, or breaks the row.
  private mutating func strike(_ outgoing: Outgoing, blamesPacket: Bool) -> (outgoing: Outgoing, strikes: Int) {
    var struck = outgoing
    switch outgoing.origin {
    case .publisher(let publisher, let strikes, let attempts):
      let count = blamesPacket ? strikes + 1 : 0
      struck.origin = .publisher(publisher, strikes: count, attempts: attempts)
      return (struck, count)
    case .state(let slot, let version):
      guard states[slot]?.version == version else { return (struck, 0) }
      let count = blamesPacket ? (states[slot]?.strikes ?? 0) + 1 : 0
      states[slot]?.strikes = count
      return (struck, count)
    }
  }

  private mutating func dropUnconnected() {
    guard queue.contains(where: { $0.publish.qos == .atMostOnce }) else { return }
    let all = queue
    queue.removeAll()
    for outgoing in all {
      if outgoing.publish.qos > .atMostOnce {
        queue.append(outgoing)
      } else {
        droppedCount += 1
        settle(outgoing, .dropped)
      }
    }
  }

  // MARK: What became of it

  private mutating func retry(_ outgoing: Outgoing, now: Duration) {
    var again = outgoing
    let attempts: Int
    switch outgoing.origin {
    case .publisher(let publisher, let strikes, let before):
      attempts = before + 1
      again.origin = .publisher(publisher, strikes: strikes, attempts: attempts)
    case .state(let slot, let version):
      guard states[slot]?.version == version else { return }
      attempts = (states[slot]?.attempts ?? 0) + 1
      states[slot]?.attempts = attempts
    }
    let due = now + min(Self.longestRetry, .milliseconds(500) * (1 << min(attempts - 1, 6)))
    let position = retries.firstIndex { $0.due > due } ?? retries.endIndex
    retries.insert(Retry(due: due, outgoing: again), at: position)
  }

  private mutating func settle(_ outgoing: Outgoing, _ outcome: PublishOutcome) {
    switch outgoing.origin {
    case .publisher(let publisher, _, _):
      answer(publisher, outgoing.publish.token, outcome)
    case .state(let slot, let version):
      for waiter in states.takeWaiters(slot, upTo: version) { answer(waiter.publisher, waiter.token, outcome) }
      states.arrived(slot, version: version)
    }
  }

  /// A state that was refused keeps its place: the next connection tries it again, unless it is poison.
  private mutating func giveUp(_ outgoing: Outgoing, _ outcome: PublishOutcome) {
    guard case .state(let slot, let version) = outgoing.origin else { return settle(outgoing, outcome) }
    for waiter in states.takeWaiters(slot, upTo: version) { answer(waiter.publisher, waiter.token, outcome) }
    if outcome == .poison, states[slot]?.version == version { states[slot]?.isPoison = true }
  }

  private mutating func answer(_ publisher: Int, _ token: UInt64, _ outcome: PublishOutcome) {
    answers.append((publisher, PublishResult(token: token, outcome: outcome)))
  }
}
