@testable import Bridge
@testable import XMPP

/// The witness: sees what was said and what arrived on either side, knows what each fault may cost, and says when the bridge
/// breaks its word.
final class Truth {
  /// MQTT → XMPP, and XMPP → MQTT.
  private(set) var toXMPP = Course()
  private(set) var toMQTT = Course()
  private var asked: Set<String> = []
  /// States of each message's statuses, in their order.
  private var statuses: [String: [String]] = [:]
  /// Which name each place of a topic's sequence had, by topic and epoch.
  private var sequences: [String: [Int: String]] = [:]
  /// Some of what the journal had is gone.
  private var hasForgotten = false
  /// How far the stream's `h` has been looked at.
  private var looked: (stream: String, count: UInt64) = ("", 0)

  // MARK: What is said and what arrives

  func published(_ name: String, to contact: String, isAsked: Bool) {
    toXMPP.say(name, contact: contact)
    if isAsked { asked.insert(name) }
  }

  func sent(_ name: String, by contact: String) { toMQTT.say(name, contact: contact) }

  /// The bridge hands something over.
  func handsToXMPP(_ name: String) { toXMPP.handOver(name) }

  func handsToMQTT(_ name: String) { toMQTT.handOver(name) }

  /// The server has taken a message of ours.
  func taken(_ name: String, _ world: World) {
    world.note("server: has \(name)")
    world.count(toXMPP.hasArrived(name) ? "again on XMPP" : "to XMPP")
    if let fault = toXMPP.arrive(name) { world.complain("XMPP: \(fault)") }
  }

  /// The broker has taken a publish of ours.
  func arrived(_ parcel: Parcel, _ world: World) {
    world.note("broker: has \(parcel.name) on \(parcel.topic)")
    if parcel.topic.hasSuffix("/status") {
      guard let id = Excerpt.string("id", in: parcel.payload), let state = Excerpt.string("state", in: parcel.payload)
      else { return world.complain("a status without id or state") }
      statuses[id, default: []].append(state)
      return
    }
    world.count(toMQTT.hasArrived(parcel.name) ? "again on MQTT" : "to MQTT")
    if let fault = toMQTT.arrive(parcel.name) { world.complain("MQTT: \(fault)") }
    guard let sequence = Excerpt.number("seq", in: parcel.payload),
      let epoch = Excerpt.number("epoch", in: parcel.payload)
    else { return world.complain("a message without seq or epoch") }
    let known = sequences["\(parcel.topic) in epoch \(epoch)", default: [:]].updateValue(
      parcel.name, forKey: sequence)
    if let known, known != parcel.name {
      world.complain("seq \(sequence) of \(parcel.topic) is \(known) and \(parcel.name)")
    }
  }

  // MARK: The law

  /// A PUBACK is leaving.
  func acknowledged(_ name: String, _ world: World) {
    guard !toXMPP.hasArrived(name), !world.journal.hasOnDisk(name, in: .outbound) else { return }
    world.complain("PUBACK of \(name), which neither the server nor the disk has")
  }

  /// Looks at the bridge between two events.
  func look(at process: BridgeProcess, in world: World) {
    // Nothing is told to anybody without a connection.
    if process.stream.wire != nil, let id = process.stream.session.resumption?.id {
      if id != looked.stream { looked = (id, 0) }
      let handled = process.stream.session.management.handled
      while looked.count < handled {
        looked.count += 1
        guard let name = world.server.name(ofStanza: looked.count, in: id) else { continue }
        guard !toMQTT.hasArrived(name), !world.journal.hasOnDisk(name, in: .inbound) else { continue }
        // Until the archive has been read on, what comes is left to it.
        guard !world.server.isArchived(name) || !world.journal.isArchiveKnown else { continue }
        world.complain("h covers \(name), which neither the broker nor the disk has")
      }
    }
    if let excess = process.excess { world.complain("more than may be held: \(excess)") }
  }

  // MARK: What faults may cost

  /// The process was killed: a publish whose PUBACK was not committed goes out again.
  func crashed(_ world: World) {
    for name in world.journal.names(in: .inbound) where toMQTT.wasHandedOver(name) { toMQTT.allowAgain(name) }
  }

  /// The power went: also what the disk does not know of may come again from upstream.
  func lostPower(_ world: World) {
    hasForgotten = true
    crashed(world)
    for name in world.broker.unacknowledged where toXMPP.wasHandedOver(name) {
      if !world.journal.hasTaken(name, in: .outbound) || toXMPP.isRepeated(name) { toXMPP.allowAgain(name) }
    }
    for name in toMQTT.names where toMQTT.wasHandedOver(name) && !world.journal.hasTaken(name, in: .inbound) {
      toMQTT.allowAgain(name)
    }
  }

  /// The state file is about to be erased: what it has is gone, unless upstream still has it, too, and sends it again.
  func erased(_ world: World) {
    hasForgotten = true
    for name in world.journal.names(in: .outbound) { toXMPP.allowLoss(name) }
    for name in world.journal.names(in: .inbound) { toMQTT.allowLoss(name) }
    for name in world.server.archivedOnly { toMQTT.allowLoss(name) }
    for name in world.broker.unacknowledged where toXMPP.wasHandedOver(name) { toXMPP.allowAgain(name) }
    // A bridge that remembers nothing reads the archive from some minutes before its first session on.
    for name in toMQTT.names where toMQTT.wasHandedOver(name) { toMQTT.allowAgain(name) }
  }

  /// What was in flight to the broker goes out again on the next connection.
  func outboundLost(_ names: [String]) {
    for name in names { toMQTT.allowAgain(name) }
  }

  /// The broker has forgotten what it had for the bridge.
  func brokerForgot(_ names: [String]) {
    for name in names { toXMPP.allowLoss(name) }
  }

  /// The server gives a new session what it had sent in one that is gone, and not seen acknowledged.
  /// By its id in the archive it is recognised.
  func sessionLost(unconfirmed names: [String], _ world: World) {
    guard !world.scenario.server.hasArchive else { return }
    for name in names { toMQTT.allowAgain(name) }
  }

  /// A new session begins without the bridge's being told what the server had: what was not acknowledged goes again, unless
  /// the archive shows it.
  func beginsUninformed(_ world: World) {
    guard !world.scenario.server.hasArchive else { return }
    for name in world.unacknowledgedRows where toXMPP.hasArrived(name) { toXMPP.allowAgain(name) }
  }

  // MARK: The end

  /// What is not done yet.
  func open(_ world: World) -> String {
    "missing \(toXMPP.missing) \(toMQTT.missing); rows \(world.journal.names(in: .outbound)) "
      + "\(world.journal.names(in: .inbound)); at rest: journal \(world.journal.isAtRest), broker \(world.broker.isAtRest), "
      + "server \(world.server.isAtRest), bridge \(world.process?.isAtRest ?? false)"
  }

  /// Everything is at rest.
  func conclude(_ world: World) {
    if let fault = toXMPP.fault() { world.complain("XMPP: \(fault)") }
    if let fault = toMQTT.fault() { world.complain("MQTT: \(fault)") }
    for (topic, names) in sequences where names.keys.max()! - names.keys.min()! >= names.count {
      world.complain("seq of \(topic) has a gap: \(names.keys.sorted())")
    }
    checkStatuses(world)
    checkCounts(world)
  }

  private func checkStatuses(_ world: World) {
    for (id, states) in statuses {
      if states.contains("failed") { world.complain("\(id) is said to have failed") }
      if !hasForgotten, let sent = states.firstIndex(of: "sent"), let queued = states.firstIndex(of: "queued"),
        sent < queued
      {
        world.complain("\(id) is said to be queued after it was sent")
      }
    }
    guard !hasForgotten else { return }
    for name in asked where toXMPP.hasArrived(name) && statuses[name]?.contains("sent") != true {
      world.complain("nobody was told that \(name) was sent")
    }
  }

  private func checkCounts(_ world: World) {
    guard let process = world.process, let session = world.server.session else { return }
    let management = process.stream.session.management
    if session.handled != UInt32(truncatingIfNeeded: management.acknowledged) {
      world.complain("the server has handled \(session.handled), the bridge believes \(management.acknowledged)")
    }
    if session.confirmed != UInt32(truncatingIfNeeded: management.handled) {
      world.complain("the server was told \(session.confirmed), the bridge has handled \(management.handled)")
    }
    let rows = world.journal.names(in: .outbound) + world.journal.names(in: .inbound)
    if !rows.isEmpty { world.complain("the journal still has \(rows)") }
  }
}
