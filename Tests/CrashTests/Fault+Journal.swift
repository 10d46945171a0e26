import TestSupport
import Testing

/// Where the bridge may keep nothing more.
extension Fault {
  static let journalFull = Fault(
    name: "journal full", short: Dose(times: 2), long: Dose(times: 6),
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

  /// Somebody else fills the disk on which the state file lies, and removes it all again.
  static let diskFull = Fault(
    name: "disk full", short: Dose(times: 1), long: Dose(times: 5), cells: Cells.ofRepeatedPublishes,
    prepare: { options in
      let disk = try SmallDisk(mebibytes: 8)
      options.configure = { $0.stateDisk = disk }
    }
  ) { strike in
    let rig = strike.rig
    let disk = try #require(rig.bridge.stateDisk)
    try await rig.bridge.supervised {
      try disk.fill()
      try await strike.traffic.isSent(strike.messagesOfOutage, .toXMPP)
      disk.makeRoom()
      try await strike.arrivesAnew()
    }
  }
}
