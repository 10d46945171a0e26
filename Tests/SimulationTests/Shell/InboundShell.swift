import DequeModule
import MQTT

@testable import Bridge

/// The in connection, as `InboundLink` runs it over libmosquitto: what is to be written waits until everything that was read
/// is safe.
final class InboundShell {
  private unowned let world: World
  private unowned let process: BridgeProcess
  private var gate: WriteGate
  private var backoff = ReconnectBackoff()
  private(set) var wire: Wire<Packet>?
  private var isWanted = false
  private var isUp = false
  private var hasSubscribed = false
  /// What has come and was not read.
  private var unread: Deque<Packet> = []
  /// What waits to be written.
  private var unwritten: [(packet: Packet, name: String?)] = []

  init(world: World, process: BridgeProcess) {
    self.world = world
    self.process = process
    gate = WriteGate(holdMessages: world.scenario.holdMessages)
  }

  func die(hasPower: Bool) {
    guard let wire else { return }
    if hasPower { wire.close(by: wire.bridge) } else { wire.stall() }
    self.wire = nil
  }

  var isAtRest: Bool { isUp && unread.isEmpty && unwritten.isEmpty }

  var held: Int { gate.held }

  // MARK: Orders

  func open() {
    guard !isWanted else { return }
    isWanted = true
    world.after(world.scenario.network) { [self] in connect() }
  }

  func suspend() {
    isWanted = false
    guard let wire else { return }
    wire.close(by: wire.bridge)
    ended()
  }

  func release(upTo index: UInt64) { gate.released(upTo: index) }

  func pause() { gate.pause() }

  // MARK: The connection

  private func connect() {
    guard process.isAlive, isWanted, wire == nil, process.mayAct("connect in") else { return }
    guard let wire = world.broker.acceptInbound() else { return retry() }
    self.wire = wire
    wire.bridge.received = { [unowned self, unowned wire] in
      guard wire === self.wire, process.isAlive else { return }
      unread.append($0)
      pump()
    }
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
    // A CONNACK that was lost may have begun a session without subscriptions.
    if !isUp { hasSubscribed = false }
    isUp = false
    unread = []
    unwritten = []
    gate.connectionLost()
    retry()
  }

  private func retry() {
    let random = world.fraction()
    let delay = backoff.delay(now: world.now, loginRefused: false, random: random)
    world.at(world.now + delay) { [self] in connect() }
  }

  // MARK: Reading and writing

  /// Reads and writes until nothing more is possible now, then hands over what came.
  func pump() {
    guard process.isAlive else { return }
    var batch: [InboundPublish] = []
    repeat {
      while !unread.isEmpty, !isUp || gate.mayRead { read(into: &batch) }
      if gate.mayWrite {
        guard write() else { return }
        if isUp { gate.flushed() }
      }
    } while !unread.isEmpty && gate.mayRead
    guard !batch.isEmpty else { return }
    process.post { $0.tell { $0.received(batch, now: $1, wallClock: $2) } }
    if world.plant == .acknowledgesAtOnce {
      gate.released(upTo: gate.lastRead)
      pump()
    }
  }

  private func read(into batch: inout [InboundPublish]) {
    switch unread.removeFirst() {
    case .connack(let isPresent):
      isUp = true
      backoff.connected(now: world.now)
      let index = gate.lastRead
      process.post { $0.tell { core, _, _ in core.inboundConnected(sessionPresent: isPresent, index: index) } }
      if !isPresent { hasSubscribed = false }
      if !hasSubscribed { unwritten.append((.subscribe, nil)) }
    case .suback:
      hasSubscribed = true
      process.post { $0.tell { core, _, _ in core.subscribed(["xmpp/home/message/+/send"], refused: [:]) } }
    case .publish(let id, let parcel):
      gate.read(1)
      unwritten.append((.puback(id: id), parcel.name))
      batch.append(
        InboundPublish(
          index: gate.lastRead, packetID: id, topic: parcel.topic, payload: parcel.payload, qos: parcel.qos))
    case .connect, .subscribe, .puback: world.complain("the bridge got what only a broker gets on the in connection")
    }
  }

  /// Writes everything that waits; false if the process has died meanwhile.
  private func write() -> Bool {
    guard let wire, !unwritten.isEmpty else { return true }
    let packets = unwritten
    unwritten = []
    for (packet, name) in packets {
      guard process.mayAct("write \(packet) \(name ?? "")") else { return false }
      if let name { world.truth.acknowledged(name, world) }
      wire.send(packet, to: wire.peer)
    }
    return true
  }
}
