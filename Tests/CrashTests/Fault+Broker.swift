import TestSupport
import Testing

/// What happens to the broker, and to the way there; and to both ways at once.
extension Fault {
  static let brokerReset = Fault(
    name: "broker link reset", short: Dose(times: 2), long: Dose(rounds: 7, times: 3), shortServers: [.prosody],
    cells: Cells.withoutBroker
  ) { strike in
    try await strike.brokerReturns(2) {
      let cut = try await strike.rig.mqttLink.reset()
      #expect(cut == 2)
    }
  }

  static let brokerCut = Fault(
    name: "broker link cut in mid-packet", short: Dose(times: 2), long: Dose(rounds: 7, times: 3),
    shortServers: [.ejabberd], cells: Cells.withoutBroker
  ) { strike in
    var random = strike.random
    let direction = TCPProxy.Direction.allCases.randomElement(using: &random) ?? .toServer
    let bytes = Int.random(in: 1...5_000, using: &random)
    try await strike.brokerReturns(1) { try await strike.rig.mqttLink.cut(after: bytes, direction) }
  }

  static let brokerRestart = Fault(
    name: "broker restarted", short: Dose(times: 1), long: Dose(rounds: 5, times: 1), shortServers: [.prosody],
    cells: Cells.withoutBroker,
    // The device would publish again what the broker had and could not acknowledge: doubles that no bridge has made.
    hushed: [.toXMPP],
    prepare: {
      $0.deviceOptions.clientID = "device"
      $0.deviceOptions.cleanStart = false
      $0.deviceOptions.sessionExpiry = 3_600
    }
  ) { strike in
    try await strike.brokerReturns(2) { try await strike.rig.broker.restart() }
    try await strike.rig.device.accepted(2)
  }

  /// However long the broker hangs, the session at the XMPP server is not lost over it.
  static let brokerStalled = Fault(
    name: "broker hangs", short: Dose(times: 1), long: Dose(times: 1), cells: Cells.withoutBroker
  ) { strike in
    let rig = strike.rig
    try await rig.mqttLink.stall()
    try await strike.traffic.isSent(strike.messagesOfOutage, .toMQTT)
    try await rig.mqttLink.resume()
    try await strike.arrivesAnew()
    #expect(rig.bridge.streams == 1)
    #expect(!rig.bridge.log.all.contains { $0.contains("event=disconnected") })
  }

  static let slowLinks = Fault(
    name: "both links slow", short: Dose(times: 1), long: Dose(times: 5), shortServers: [.prosody],
    cells: Cells.perfect
  ) { strike in
    let links = [strike.rig.xmppLink, strike.rig.mqttLink]
    for link in links {
      try await link.delay(.milliseconds(100))
      try await link.throttle(bytesPerSecond: 200_000)
    }
    try await strike.arrivesAnew()
    for link in links {
      try await link.delay(.zero)
      try await link.throttle(bytesPerSecond: nil)
    }
    try await strike.arrivesAnew()
    #expect(strike.rig.bridge.streams == 1 && strike.rig.bridge.brokerConnections == 2)
  }

  static let bothLinks = Fault(
    name: "both links reset at once", short: Dose(times: 2), long: Dose(rounds: 5, times: 2),
    cells: Cells.withoutBoth
  ) { strike in
    try await strike.streamReturns {
      try await strike.brokerReturns(2) {
        // As in the first row, Prosody gets whole stanzas.
        switch strike.rig.server {
        case is ProsodyServer:
          let link = strike.rig.xmppLink
          let mark = link.events.count
          try await link.cut(behind: "</message>", .toServer)
          _ = try await link.events.first("the cut", from: mark) { event in
            if case .reachedLimit = event { true } else { false }
          }
        default: #expect(try await strike.rig.xmppLink.reset() == 1)
        }
        #expect(try await strike.rig.mqttLink.reset() == 2)
      }
    }
  }
}
