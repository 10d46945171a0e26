import MQTT

@testable import Bridge

/// The out connection, as `OutboundLink` runs it over libmosquitto.
final class OutboundShell {
  private unowned let world: World
  private unowned let process: BridgeProcess
  private var window: PublishWindow
  private var backoff = ReconnectBackoff()
  private(set) var wire: Wire<Packet>?
  private var isUp = false
  private var lastID: UInt16 = 0
  /// Publishes that the broker has been handed and has not acknowledged.
  private var unanswered: [(id: UInt16, name: String)] = []

  init(world: World, process: BridgeProcess) {
    self.world = world
    self.process = process
    window = PublishWindow(limit: world.scenario.publishWindow)
  }

  func die(hasPower: Bool) {
    guard let wire else { return }
    if hasPower { wire.close(by: wire.bridge) } else { wire.stall() }
    self.wire = nil
  }

  var isAtRest: Bool { isUp && window.isIdle }

  var inFlight: Int { window.inFlightCount }

  // MARK: Orders

  func open() {
    world.after(world.scenario.network) { [self] in if process.isAlive, wire == nil { connect() } }
  }

  func publish(_ publishes: [OutboundPublish]) {
    for publish in publishes { window.append(publish, publisher: 1) }
    answer()
  }

  // MARK: The connection

  private func connect() {
    guard process.mayAct("connect out") else { return }
    guard let wire = world.broker.acceptOutbound() else { return retry() }
    self.wire = wire
    wire.bridge.received = { [unowned self, unowned wire] in if wire === self.wire { received($0) } }
    wire.bridge.closed = { [unowned self, unowned wire] in if wire === self.wire { ended() } }
    wire.send(.connect, to: wire.peer)
  }

  /// Nothing comes any more; after a while that is noticed.
  func stalled() {
    guard let wire else { return }
    wire.stall()
    world.at(world.now + .seconds(10 + world.below(80))) { [self] in
      if process.isAlive, wire === self.wire { ended() }
    }
  }

  private func ended() {
    guard process.isAlive else { return }
    wire = nil
    if isUp {
      isUp = false
      if world.plant == .forgetsInFlight { window = PublishWindow(limit: world.scenario.publishWindow) }
      window.connectionLost(blamesPacket: false)
      world.truth.outboundLost(unanswered.map(\.name))
      unanswered = []
      process.post { $0.tell { core, _, _ in core.broker(isUp: false) } }
      answer()
    }
    retry()
  }

  private func retry() {
    let random = world.fraction()
    let delay = backoff.delay(now: world.now, loginRefused: false, random: random)
    world.at(world.now + delay) { [self] in if process.isAlive, wire == nil { connect() } }
  }

  private func received(_ packet: Packet) {
    guard process.isAlive else { return }
    switch packet {
    case .connack:
      isUp = true
      backoff.connected(now: world.now)
      window.connected(.init())
      process.post { $0.tell { core, _, _ in core.broker(isUp: true) } }
    case .puback(let id):
      unanswered.removeAll { $0.id == id }
      window.confirmed(packetID: id, .success, now: world.now)
    case .connect, .subscribe, .suback, .publish: world.complain("the bridge got \(packet) on the out connection")
    }
    pump()
  }

  /// Hands over what there is to send.
  func pump() {
    while isUp, let wire, let outgoing = window.next(now: world.now) {
      let publish = outgoing.publish
      guard process.mayAct("hand over publish \(publish.token)") else { return }
      lastID = lastID == .max ? 1 : lastID + 1
      let name = Excerpt.string("body", in: publish.payload) ?? ""
      if publish.qos == .atMostOnce {
        window.handedOver(outgoing)
      } else {
        window.sent(outgoing, packetID: lastID)
        unanswered.append((lastID, name))
      }
      world.truth.handsToMQTT(name)
      wire.send(
        .publish(id: lastID, Parcel(name: name, topic: publish.topic, payload: publish.payload, qos: publish.qos)),
        to: wire.peer)
    }
    answer()
  }

  private func answer() {
    let results = window.takeAnswers().map(\.result)
    guard !results.isEmpty else { return }
    process.post { $0.tell { core, now, _ in core.published(results, now: now) } }
  }
}
