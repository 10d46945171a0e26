import TestSupport
import Testing

extension Integration {
  /// Nothing goes wrong: each message arrives once, in order, and `seq` counts by one.
  @Suite struct MessagesBothWays {
    @Test("carries 2000 messages each way at full speed", arguments: Road.all)
    func atFullSpeed(road: Road) async throws {
      let rig = try await BridgeRig.start(.init(server: road.server, mqtt: road.mqtt))
      let result = try await Traffic.run(rig)
      #expect(result.toXMPP.isPerfect, "\(result.toXMPP)")
      #expect(result.toMQTT.isPerfect, "\(result.toMQTT)")
      let first = try #require(result.sequence.first)
      #expect(result.sequence == Array(first..<(first + 2_000)))
      #expect(try await rig.bridge.stop() == .code(0))
    }

    @Test("says who a message is from, and when", arguments: XMPPServerKind.allCases)
    func envelope(server: XMPPServerKind) async throws {
      let rig = try await BridgeRig.start(.init(server: server))
      rig.alice.send("light <on> & \"bright\" 💡", to: rig.botJID, id: "a1")
      let message = try #require(try await rig.bridged(1).first)
      #expect(message.from == rig.alice.jid && message.id == "a1")
      #expect(message.body == "light <on> & \"bright\" 💡" && message.delayed != true)

      let published = try #require(rig.device.messages.all.first { $0.topic == rig.messageTopic })
      #expect(published.qos == 1 && !published.retain)
      #expect(published.properties.contentType == "application/json" && published.properties.isUTF8)
      #expect(published.properties.user("xmpp-bridge") == "bridge")
      #expect(published.properties.user("xmpp-from") == rig.alice.jid)
      #expect(published.properties.user("xmpp-id") == "a1")
    }

    @Test("tells the publisher that the server has the message", arguments: Road.all)
    func status(road: Road) async throws {
      let rig = try await BridgeRig.start(.init(server: road.server, mqtt: road.mqtt))
      try await rig.device.publish(rig.sendTopic + "/json", #"{"id":"mine-1","body":"hello"}"#)
      #expect(try await rig.alice.messages.first().body == "hello")
      let topic = rig.statusTopic
      let publish = try await rig.device.messages.first("a status") { $0.topic == topic }
      let status = try BridgedStatus(publish)
      #expect(status.id == "mine-1" && status.state == "sent")
    }
  }
}
