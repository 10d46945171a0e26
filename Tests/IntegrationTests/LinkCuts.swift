import TestSupport
import Testing

extension Integration {
  /// The TCP connections break; sessions on both sides live on.
  @Suite struct LinkCuts {
    @Test("loses, doubles and disorders nothing while the XMPP link is cut five times", arguments: Road.all)
    func xmppLink(road: Road) async throws {
      let rig = try await BridgeRig.start(.init(server: road.server, mqtt: road.mqtt))
      let result = try await Traffic(rig, count: 2_000).run(faults: 5) { try await rig.xmppLink.reset() }
      #expect(result.toXMPP.isPerfect, "\(result.toXMPP)")
      #expect(result.toMQTT.isPerfect, "\(result.toMQTT)")
      #expect(rig.xmppLink.connectionCount >= 6)
    }

    @Test("loses and doubles nothing on XMPP while the broker link is cut five times", arguments: Road.all)
    func brokerLink(road: Road) async throws {
      let rig = try await BridgeRig.start(.init(server: road.server, mqtt: road.mqtt))
      let result = try await Traffic(rig, count: 2_000).run(faults: 5) { try await rig.mqttLink.reset() }
      #expect(result.toXMPP.isPerfect, "\(result.toXMPP)")
      #expect(result.toMQTT.lost.isEmpty && result.toMQTT.outOfOrder.isEmpty, "\(result.toMQTT)")
      // A publish whose PUBACK was cut off goes out again: the same message with the same number.
      #expect(result.toMQTT.doubled.count == result.repeats, "\(result.toMQTT)")
    }

    @Test("resumes where a dead link left off", arguments: XMPPServerKind.allCases)
    func halfOpen(server: XMPPServerKind) async throws {
      var options = BridgeRig.Options(server: server)
      options.configure = { $0.accounts[0].more.append("keepalive = \"5s\"") }
      let rig = try await BridgeRig.start(options)
      try await rig.xmppLink.stall()
      try await rig.device.publish(rig.sendTopic, "into the void")
      // The bridge finds out by itself, and gives its place in the proxy up for a new one.
      _ = try await rig.xmppLink.events.first("a second connection") { $0 == .connected(2) }
      try await rig.xmppLink.reset()
      try await rig.xmppLink.resume()
      #expect(try await rig.alice.messages.first().body == "into the void")
      rig.alice.send("and back", to: rig.botJID)
      #expect(try await rig.bridged(1).first?.body == "and back")
      #expect(rig.alice.messages.count == 1)
    }
  }
}
