import TestSupport
import Testing

extension Integration {
  /// The TCP connections break; sessions on both sides live on.
  @Suite struct LinkCuts {
    @Test("loses, doubles and disorders nothing while the XMPP link is cut five times", arguments: Road.all)
    func xmppLink(road: Road) async throws {
      let rig = try await BridgeRig.start(.init(server: road.server, mqtt: road.mqtt))
      let result = try await Traffic.run(rig, faults: 5) {
        let streams = rig.bridge.streams
        // Prosody 0.12.3 feeds a resumed stream to the parser of the connection before: half a stanza in it makes the
        // new stream ill-formed. So it gets whole ones here; the next scenario has the rest.
        switch road.server {
        case .prosody: try await rig.xmppLink.cut(behind: "</message>", .toServer)
        case .ejabberd: #expect(try await rig.xmppLink.reset() == 1)
        }
        try await rig.bridge.stream(streams + 1)
      }
      #expect(result.toXMPP.isPerfect, "\(result.toXMPP)")
      var toMQTT = result.toMQTT
      // ejabberd 23.01 mixes what it sends again after a resumption with what is new: the order is its own.
      if road.server == .ejabberd { toMQTT.sort() }
      #expect(toMQTT.isPerfect, "\(toMQTT)")
      #expect(rig.bridge.streams == 6)
    }

    @Test("loses nothing and doubles nothing on XMPP when a server trips over half a stanza")
    func halfStanzas() async throws {
      let rig = try await BridgeRig.start()
      let result = try await Traffic.run(rig, faults: 5) {
        let streams = rig.bridge.streams
        #expect(try await rig.xmppLink.reset() == 1)
        try await rig.bridge.stream(streams + 1)
      }
      #expect(result.toXMPP.isPerfect, "\(result.toXMPP)")
      // Prosody ends the stream, and what it had sent and saw no acknowledgement for comes again from its offline store.
      #expect(result.toMQTT.lost.isEmpty && result.toMQTT.foreign.isEmpty, "\(result.toMQTT)")
    }

    @Test("loses and doubles nothing on XMPP while the broker link is cut three times", arguments: Road.all)
    func brokerLink(road: Road) async throws {
      let rig = try await BridgeRig.start(.init(server: road.server, mqtt: road.mqtt))
      let result = try await Traffic.run(rig, faults: 3) {
        let connections = rig.bridge.brokerConnections
        #expect(try await rig.mqttLink.reset() == 2)
        try await rig.bridge.brokerConnection(connections + 2)
      }
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
