import TestSupport
import Testing

/// Where the bridge may keep nothing more.
extension Fault {
  static let journalFull = Fault(
    name: "journal full", short: Dose(times: 2), long: Dose(times: 6), shortServers: [.ejabberd],
    prepare: { $0.configure = { $0.moreDelivery = ["journal_max_messages = 300"] } }
  ) { strike in
    // The broker and the XMPP server take turns in taking nothing.
    let (bridge, isBroker) = (strike.rig.bridge, strike.number.isMultiple(of: 2))
    let link = isBroker ? strike.rig.mqttLink : strike.rig.xmppLink
    let (mark, streams) = (bridge.log.count, bridge.streams)
    try await link.stall()
    try await bridge.logs("event=journal-full", from: mark)
    try await strike.traffic.isSent(100, isBroker ? .toMQTT : .toXMPP)
    try await link.resume()
    try await bridge.logs("event=journal-has-room", from: mark)
    // A stream that was parked for lack of room comes back.
    if isBroker { try await bridge.stream(streams + 1) }
    try await strike.arrivesAnew()
  }

  /// Nobody takes anything while a crowd of messages comes: they wait on the disk, and the memory stays as it is.
  static func crowd(_ length: Length) -> Fault {
    let count = length == .short ? 5_000 : 100_000
    return Fault(
      name: "\(count) messages wait", short: Dose(times: 2), long: Dose(times: 2), shortServers: [.prosody],
      cells: Cells.withoutBoth, hushed: [.toXMPP, .toMQTT],
      prepare: { options in
        // What the servers do for it would take longer than everything else.
        options.xmppOptions.archive = false
        options.configure = {
          $0.moreDelivery = ["journal_max_messages = 200000"]
          $0.accounts[0].status = "asked"
        }
      }
    ) { strike in
      let way = Traffic.Way.allCases[strike.number % 2]
      let (rig, traffic) = (strike.rig, strike.traffic)
      let link = way == .toXMPP ? rig.xmppLink : rig.mqttLink
      let before = try rig.bridge.memory()
      try await link.stall()
      try await traffic.send(count, way)
      try await rig.bridge.hasTaken(traffic.sent(way), way)
      let meanwhile = try rig.bridge.memory()
      try await link.resume()
      try await traffic.isDrained(way, within: .seconds(600))
      let after = try rig.bridge.memory()
      let figures = [before.now, meanwhile.now, after.peak].map { "\(($0 + 524_288) / 1_048_576) MiB" }
      strike.note("\(way.rawValue): \(figures[0]) before, \(figures[1]) with them, \(figures[2]) at most")
      #expect(after.peak - before.now < 64 * 1_048_576)
    }
  }

  /// Somebody else fills the disk on which the state file lies, and removes it all again. It is large enough for what piles
  /// up meanwhile: a disk that the spools themselves fill has no room to let them go.
  static func diskFull(_ length: Length) -> Fault {
    let bytes = length == .short ? 8 << 20 : 64 << 20
    return Fault(
      name: "disk full", short: Dose(times: 1), long: Dose(times: 5), shortServers: [.prosody],
      cells: Cells.withoutBoth,
      prepare: { $0.prepare = { try $0.useSmallDisk(bytes: bytes) } }
    ) { strike in
      let disk = try #require(strike.rig.bridge.disk)
      try disk.fill()
      try await strike.traffic.isSent(strike.messagesOfOutage, .toXMPP)
      disk.makeRoom()
      try await strike.arrivesAnew()
    }
  }
}
