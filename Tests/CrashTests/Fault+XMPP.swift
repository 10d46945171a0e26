import TestSupport
import Testing

/// What happens to the XMPP server, and to the way there.
extension Fault {
  static let xmppReset = Fault(
    name: "XMPP link reset", short: Dose(times: 3), long: Dose(rounds: 4, times: 5)
  ) { strike in
    try await strike.streamReturns {
      // Prosody 0.12.3 feeds a resumed stream to the parser of the connection before: half a stanza in it ends the session.
      // So it gets whole ones here; the next row has the rest.
      switch strike.rig.server {
      case is ProsodyServer: try await strike.rig.xmppLink.cut(behind: "</message>", .toServer)
      default: #expect(try await strike.rig.xmppLink.reset() == 1)
      }
    }
  }

  static let xmppCut = Fault(
    name: "XMPP link cut in mid-stanza", short: Dose(times: 2), long: Dose(rounds: 10, times: 2)
  ) { strike in
    var random = strike.random
    let direction = TCPProxy.Direction.allCases.randomElement(using: &random) ?? .toServer
    let bytes = Int.random(in: 1...5_000, using: &random)
    try await strike.streamReturns { try await strike.rig.xmppLink.cut(after: bytes, direction) }
  }

  static let xmppHalfOpen = Fault(
    name: "XMPP link half-open", short: Dose(times: 1), long: Dose(times: 3), shortServers: [.prosody],
    prepare: { $0.configure = { $0.accounts[0].more.append("keepalive = \"5s\"") } }
  ) { strike in
    let (rig, link) = (strike.rig, strike.rig.xmppLink)
    let connections = link.connectionCount
    try await strike.streamReturns {
      try await link.stall()
      // The bridge finds out by itself, and gives its place in the proxy up for a new one.
      _ = try await link.events.first("another connection") { $0 == .connected(connections + 1) }
      try await link.reset()
      try await link.resume()
    }
    #expect(rig.bridge.brokerConnections == 2)
  }

  /// However long the XMPP server hangs, the session at the broker is not lost over it.
  static let xmppStalled = Fault(
    name: "XMPP server hangs", short: Dose(times: 1), long: Dose(times: 1)
  ) { strike in
    let rig = strike.rig
    rig.server.pause()
    try await strike.traffic.isSent(strike.messagesOfOutage, .toXMPP)
    rig.server.resume()
    try await strike.arrivesAnew()
    #expect(rig.bridge.brokerConnections == 2)
    #expect(!rig.bridge.log.all.contains { $0.contains("event=mqtt-disconnected") })
  }

  static let xmppRestart = Fault(
    name: "XMPP server restarted", short: Dose(times: 1), long: Dose(rounds: 3, times: 2),
    // Without stream management of her own alice would lose what the server has not read.
    hushed: [.toMQTT], usesArchive: true
  ) { strike in
    try await strike.streamReturns {
      try await strike.rig.server.restart()
      try await strike.rig.aliceReturns()
    }
  }
}
