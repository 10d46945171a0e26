import TestSupport
import Testing

extension Integration {
  /// The bridge dies at any instant and is started again with its state.
  @Suite struct Kills {
    @Test("loses nothing over five kills, and doubles nothing on XMPP", arguments: Road.all)
    func fiveKills(road: Road) async throws {
      let rig = try await BridgeRig.start(.init(server: road.server, mqtt: road.mqtt))
      let result = try await Traffic.run(rig, faults: 5) { try await rig.bridge.killAndStart() }
      #expect(result.toXMPP.isPerfect, "\(result.toXMPP)")
      #expect(result.toMQTT.lost.isEmpty && result.toMQTT.foreign.isEmpty, "\(result.toMQTT)")
      // ejabberd 23.01 mixes what it sends again after a resumption with what is new: the order is its own, and ours is
      // the order of arrival.
      #expect(result.isInOrderOfSequence)
      #expect(road.server == .ejabberd || result.toMQTT.outOfOrder.isEmpty, "\(result.toMQTT)")
      // Only a publish whose PUBACK was not committed yet may go out again, the same message with the same number: for each
      // kill the window of 100 in flight, and what the broker has acknowledged in the 10 ms before, 200 at the rates of
      // these machines.
      #expect(result.toMQTT.doubled.count == result.repeats, "\(result.toMQTT)")
      #expect(result.repeats <= 5 * 300, "\(result.toMQTT)")
    }

    @Test("loses and doubles nothing over five orderly restarts", arguments: ["logout", "park"])
    func fiveRestarts(onExit: String) async throws {
      var options = BridgeRig.Options()
      options.configure = { $0.onExit = onExit }
      let rig = try await BridgeRig.start(options)
      let result = try await Traffic.run(rig, faults: 5) {
        #expect(try await rig.bridge.stop() == .code(0))
        try await rig.bridge.start()
        // From here on it handles signals.
        try await rig.bridge.logs("running")
      }
      #expect(result.toXMPP.isPerfect, "\(result.toXMPP)")
      #expect(result.toMQTT.isPerfect, "\(result.toMQTT); \(result.repeats) with the same seq")
    }
  }
}
