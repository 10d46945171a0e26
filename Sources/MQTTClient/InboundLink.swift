import Logging
import MQTT
import Platform

/// An in connection: a session at the broker whose messages are acknowledged when they are safe and not before.
final class InboundLink: Link {
  private enum Request {
    case subscribe(String, identifier: UInt32)
    case unsubscribe(String)
  }

  private let handler: any MQTTInboundHandler
  private var gate: WriteGate
  private var subscriptions: [MQTTSubscription]
  /// What the session is known to have besides what was granted in this process.
  private var onRecord: Set<String>
  /// Filters that were granted in this process, to the present session, with their identifiers (0: none).
  private var granted: [String: UInt32] = [:]
  private var refused: [String: ReasonCode] = [:]
  private var requests: [Int32: Request] = [:]
  private var deliversIdentifiers = true
  /// The service is stopping: nothing more is read.
  private var isDraining = false

  init(_ context: LinkContext, number: UInt32, _ inbound: MQTTInbound, handler: any MQTTInboundHandler) {
    self.handler = handler
    subscriptions = inbound.subscriptions
    onRecord = Set(inbound.filtersOnRecord)
    gate = WriteGate(holdMessages: inbound.holdMessages)
    super.init(context, number: number, clientID: inbound.clientID)
  }

  // MARK: Orders

  func release(upTo index: UInt64) { gate.released(upTo: index) }

  func pause() { gate.pause() }

  func change(to subscriptions: [MQTTSubscription]) {
    self.subscriptions = subscriptions
    if phase == .up { reconcile() }
  }

  /// Reads nothing more.
  func drain() { isDraining = true }

  /// Something was read that is not acknowledged and may not be.
  var isUnsafe: Bool { !gate.mayWrite }

  override func leave(within limit: Duration, endingSession: Bool) {
    drain()
    if endingSession, phase == .up, handle?.version == .v311 {
      // 3.1.1 has no way to end a session but to begin another; without filters it at least collects nothing.
      subscriptions = []
      reconcile()
    }
    super.leave(within: limit, endingSession: endingSession)
  }

  // MARK: Link

  override func options(_ version: MQTTVersion) -> MosquittoHandle.Options {
    MosquittoHandle.Options(
      clientID: clientID, cleanStart: false, version: version,
      sessionExpiry: UInt32(clamping: context.configuration.sessionExpiry.components.seconds),
      firstIndex: gate.lastRead + 1)
  }

  override var mayRead: Bool { !isDraining && gate.mayRead }
  override var mayWrite: Bool { gate.mayWrite }
  override var mayLeave: Bool { gate.held == 0 }

  override func opened(_ acceptance: MosquittoHandle.Acceptance) {
    guard let handle else { return }
    deliversIdentifiers = handle.version == .v5 && acceptance.hasSubscriptionIdentifiers
    if !acceptance.sessionPresent {
      granted.removeAll()
      onRecord.removeAll()
    }
    requests.removeAll()
    refused.removeAll()
    handler.connected(
      MQTTConnected(
        acceptance, version: handle.version, nextIndex: gate.lastRead + 1, keepalive: keepalive(in: acceptance),
        deliversIdentifiers: deliversIdentifiers))
    reconcile()
  }

  override func collected() {
    guard let handle else { return }
    let new = handle.nextIndex - 1 - gate.lastRead
    if new > 0 {
      gate.read(Int(new))
      context.counters.count(received: Int(new))
    }
    guard !handle.subscriptionAnswers.isEmpty else { return }
    for answer in handle.subscriptionAnswers { take(answer) }
    handle.subscriptionAnswers.removeAll()
    if requests.isEmpty { handler.subscribed(granted.keys.sorted(), refused: refused) }
  }

  override var hasBulk: Bool { gate.held > 1 }

  override func drained() {
    if gate.shouldFlush { CrashPoint.reached("after-release") }
    gate.flushed()
  }

  /// A trickle whose last message is always too new to be safe would keep the gate shut for good, with every PUBACK and
  /// PINGREQ behind it. So now and then nothing more is read until it has been open.
  override func keepAliveDue() { gate.pauseIfShut() }

  override func deliver() {
    guard let handle, !handle.received.isEmpty else { return }
    var batch: [InboundPublish] = []
    swap(&batch, &handle.received)
    handler.received(batch)
  }

  override func ended(_ reason: MQTTDisconnectReason, wasUp: Bool, retryIn: Duration?) {
    gate.connectionLost()
    requests.removeAll()
    // The CONNACK that did not come may have begun a new session, which the next one will call present.
    if !wasUp { granted.removeAll() }
    handler.disconnected(reason, retryIn: retryIn)
  }

  // MARK: Subscriptions

  /// What the session should have: under MQTT 5 the filters as they are, without identifiers filters that cover them.
  private var wanted: [(filter: String, qos: QoS, identifier: UInt32)] {
    if deliversIdentifiers { return subscriptions.map { ($0.filter.text, $0.qos, $0.identifier) } }
    let qos = subscriptions.map(\.qos).max() ?? .atLeastOnce
    return CoveringFilters.of(subscriptions.map(\.filter)).map { ($0.text, qos, 0) }
  }

  /// Subscribes and unsubscribes until the session has what it should.
  ///
  /// The first connection of a process subscribes even if the session was there: the process before may have died between
  /// the CONNACK that began the session and the SUBSCRIBE, and nothing else would ever tell. It costs a packet a filter,
  /// and Retain Handling 1 keeps retained messages from coming again.
  private func reconcile() {
    guard let handle else { return }
    let wanted = self.wanted
    let names = Set(wanted.map(\.filter))
    for filter in onRecord.union(granted.keys).subtracting(names).sorted() {
      if let packet = handle.unsubscribe(filter) { requests[packet] = .unsubscribe(filter) }
    }
    for (filter, qos, identifier) in wanted where granted[filter] != identifier {
      let packet = handle.subscribe(filter, qos: qos, identifier: deliversIdentifiers ? identifier : nil)
      if let packet { requests[packet] = .subscribe(filter, identifier: identifier) }
    }
  }

  private func take(_ answer: MosquittoHandle.SubscriptionAnswer) {
    switch requests.removeValue(forKey: answer.packetID) {
    case .subscribe(let filter, let identifier):
      if let code = answer.code, code.isError {
        refused[filter] = code
        context.log.error("the broker refuses a subscription", metadata: ["client": "\(clientID)", "code": "\(code)"])
      } else {
        granted[filter] = identifier
      }
    case .unsubscribe(let filter):
      granted[filter] = nil
      onRecord.remove(filter)
    case nil: break
    }
  }
}
