import DequeModule
import MQTT
import TestSupport

/// An MQTT broker with the bridge's two sessions: one that it keeps, with what is not acknowledged, and one that ends with its
/// connection.
final class ModelBroker {
  struct Behaviour {
    /// How many deliveries may be unacknowledged.
    var inFlight: Int
    /// What it takes to handle a publish.
    var handling: Pace
    /// The packet identifier before the first.
    var firstID: UInt16

    init(_ random: inout SeededGenerator) {
      inFlight = [1, 4, 20][random.below(3)]
      handling = Pace(usual: [0, 1_000, 400_000][random.below(3)])
      firstID = random.chance(20) ? 65_533 : UInt16(random.below(100))
    }
  }

  private struct Session {
    var queue: Deque<Parcel> = []
    var inFlight: [(id: UInt16, parcel: Parcel)] = []
    var lastID: UInt16
    var isSubscribed = false
  }

  private unowned let world: World
  private var session: Session?
  private var inbound: Wire<Packet>?
  private var outbound: Wire<Packet>?
  private var isDown = false
  private var silentUntil = Duration.zero
  /// When the last publish will have been handled: it is one after the other.
  private var busyUntil = Duration.zero
  private var open = 0
  private var behaviour: Behaviour { world.scenario.broker }

  init(world: World) { self.world = world }

  // MARK: Connections

  private func makeWire() -> Wire<Packet>? {
    guard !isDown, world.canConnect else { return nil }
    return Wire<Packet>(world: world, pace: world.scenario.network)
  }

  /// A connection for the session that is kept; nil if it is refused.
  func acceptInbound() -> Wire<Packet>? {
    guard let wire = makeWire() else { return nil }
    wire.peer.received = { [unowned self, unowned wire] in takeInbound($0, on: wire) }
    return wire
  }

  /// A connection to publish on; nil if it is refused.
  func acceptOutbound() -> Wire<Packet>? {
    guard let wire = makeWire() else { return nil }
    wire.peer.received = { [unowned self, unowned wire] in takeOutbound($0, on: wire) }
    return wire
  }

  // MARK: The session that is kept

  private func takeInbound(_ packet: Packet, on wire: Wire<Packet>) {
    if case .connect = packet {
      if let old = inbound { old.close(by: old.peer) }
      inbound = wire
      let isPresent = session != nil
      if !isPresent { session = Session(lastID: behaviour.firstID) }
      wire.send(.connack(sessionPresent: isPresent), to: wire.bridge)
      if session?.inFlight.isEmpty == false { world.count("redeliveries") }
      for (id, parcel) in session?.inFlight ?? [] { wire.send(.publish(id: id, parcel), to: wire.bridge) }
      return deliver()
    }
    guard wire === inbound else { return }
    switch packet {
    case .subscribe:
      session?.isSubscribed = true
      wire.send(.suback, to: wire.bridge)
    case .puback(let id):
      session?.inFlight.removeAll { $0.id == id }
      deliver()
    case .connect, .connack, .suback, .publish: world.complain("the broker got \(packet) on the in connection")
    }
  }

  private func deliver() {
    guard let wire = inbound, wire.carries, world.now >= silentUntil else { return }
    while let count = session?.inFlight.count, count < behaviour.inFlight, let parcel = session?.queue.popFirst() {
      let id = nextID()
      session?.inFlight.append((id, parcel))
      wire.send(.publish(id: id, parcel), to: wire.bridge)
    }
  }

  private func nextID() -> UInt16 {
    var id = session?.lastID ?? 0
    repeat { id = id == .max ? 1 : id + 1 } while session?.inFlight.contains { $0.id == id } == true
    session?.lastID = id
    return id
  }

  /// A device publishes. What nobody has subscribed to is nobody's concern.
  func publish(_ name: String, to contact: String, isAsked: Bool) {
    guard session?.isSubscribed == true else { return world.note("broker: nobody has subscribed to \(name)") }
    let topic = "xmpp/home/message/\(contact)/send"
    world.truth.published(name, to: contact, isAsked: isAsked)
    session?.queue.append(
      Parcel(
        name: name, topic: isAsked ? topic + "/json" : topic,
        payload: Array((isAsked ? "{\"id\":\"\(name)\",\"body\":\"\(name)\"}" : name).utf8), qos: .atLeastOnce))
    deliver()
  }

  // MARK: The session that is not

  private func takeOutbound(_ packet: Packet, on wire: Wire<Packet>) {
    switch packet {
    case .connect:
      if let old = outbound { old.close(by: old.peer) }
      outbound = wire
      wire.send(.connack(sessionPresent: false), to: wire.bridge)
    case .publish(let id, let parcel):
      busyUntil = max(busyUntil, silentUntil, world.now + world.draw(behaviour.handling))
      open += 1
      world.at(busyUntil) { [unowned self] in
        open -= 1
        // A broker that was gone meanwhile has not read it.
        guard wire === outbound else { return }
        world.truth.arrived(parcel, world)
        if parcel.qos > .atMostOnce { wire.send(.puback(id: id), to: wire.bridge) }
      }
    case .connack, .subscribe, .suback, .puback: world.complain("the broker got \(packet) on the out connection")
    }
  }

  // MARK: Faults

  /// Nothing is handled for a while.
  func stall(for duration: Duration) {
    silentUntil = world.now + duration
    world.at(silentUntil) { [unowned self] in deliver() }
  }

  /// It goes down and comes back with the session that is kept.
  func restart(for duration: Duration) {
    isDown = true
    world.at(world.now + duration) { [unowned self] in isDown = false }
    inbound?.cut()
    outbound?.cut()
    (inbound, outbound) = (nil, nil)
  }

  /// The session is gone.
  func forget() {
    world.truth.brokerForgot(unacknowledged)
    session = nil
  }

  func recover() {
    silentUntil = .zero
    deliver()
  }

  // MARK: The witness's view

  var isAtRest: Bool {
    guard let session else { return false }
    return session.isSubscribed && session.queue.isEmpty && session.inFlight.isEmpty && open == 0
  }

  /// Messages that the bridge has not acknowledged.
  var unacknowledged: [String] { (session?.inFlight.map(\.parcel.name) ?? []) + (session?.queue.map(\.name) ?? []) }
}
