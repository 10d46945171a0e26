import TestSupport
import Testing
import XMLStream

extension Integration {
  /// The servers' archives: what no session delivered is fetched, and nothing is taken twice.
  @Suite struct Archives {
    private static func options(_ server: XMPPServerKind) -> BridgeRig.Options {
      var options = BridgeRig.Options(server: server)
      options.xmppOptions.archive = true
      return options
    }

    @Test("fetches what came while it was away, once and in order", arguments: XMPPServerKind.allCases)
    func away(server: XMPPServerKind) async throws {
      let rig = try await BridgeRig.start(Self.options(server))
      let audit = MessageAudit("away", count: 260)
      try await rig.alice.send(bodies: Array(audit.bodies[..<5]), to: rig.botJID)
      _ = try await rig.bridged(5)
      #expect(try await rig.bridge.stop() == .code(0))
      // More than a page; the server also keeps them as offline messages.
      try await rig.alice.send(bodies: Array(audit.bodies[5..<255]), to: rig.botJID)
      _ = try await rig.alice.iq("get", "<query xmlns='jabber:iq:roster'/>")
      try await rig.bridge.start()
      _ = try await rig.bridged(255)
      _ = try await rig.bridge.logs("event=caught-up")
      try await rig.alice.send(bodies: Array(audit.bodies[255...]), to: rig.botJID)
      var arrived = audit
      let bridged = try await rig.bridged(260)
      arrived.record(contentsOf: bridged.map { $0.body ?? "" })
      #expect(arrived.isPerfect, "\(arrived)")
      #expect(bridged.map(\.seq) == Array(1...260))
      #expect(bridged[100].delayed == true && bridged[259].delayed == nil)
    }

    /// With an archive, what a server sends again after it lost a session is known.
    @Test("loses and doubles nothing when the link is cut in the middle of stanzas", arguments: XMPPServerKind.allCases)
    func halfStanzas(server: XMPPServerKind) async throws {
      let rig = try await BridgeRig.start(Self.options(server))
      let result = try await Traffic.run(rig, faults: 5) {
        let streams = rig.bridge.streams
        #expect(try await rig.xmppLink.reset() == 1)
        try await rig.bridge.stream(streams + 1)
      }
      // A busy ejabberd 23.01 tells a count at the resumption and then still takes in the next few stanzas of the old
      // connection: those come twice.
      var toXMPP = result.toXMPP
      if server == .ejabberd { toXMPP.ignoreDoubles() }
      #expect(toXMPP.isPerfect, "\(result.toXMPP)")
      var toMQTT = result.toMQTT
      // ejabberd 23.01 mixes what it sends again after a resumption with what is new: the order is its own.
      if server == .ejabberd { toMQTT.sort() }
      #expect(toMQTT.isPerfect, "\(toMQTT)")
    }

    /// The server has the messages, its acknowledgement is lost, and so is the session. (Prosody still tells how many
    /// stanzas it had, even after a restart; ejabberd does not.)
    @Test("asks the archive before it sends again", arguments: XMPPServerKind.allCases)
    func lookup(server: XMPPServerKind) async throws {
      let rig = try await BridgeRig.start(Self.options(server))
      let audit = MessageAudit("lookup", count: 20)
      try await rig.xmppLink.delay(.seconds(1))
      let topic = rig.sendTopic
      try await rig.device.publish(contentsOf: audit.bodies.map { MQTTMessage(topic, $0) })
      _ = try await rig.alice.messages.first("the last message") { audit.isLast($0.body) }
      try await rig.bridge.kill()
      try await rig.xmppLink.delay(.zero)
      try await rig.server.restart()
      let alice = try await XMPPTestClient.connect(.alice, port: rig.server.port)
      try await rig.bridge.start()
      try await rig.bridge.logs(server == .ejabberd ? "event=found-in-archive" : "event=caught-up")
      try await rig.device.publish(rig.sendTopic, "behind")
      _ = try await alice.messages.first("the message behind") { $0.body == "behind" }
      #expect(alice.messages.all.map(\.body) == ["behind"])
      var arrived = audit
      arrived.record(contentsOf: rig.alice.messages.all.map(\.body))
      #expect(arrived.isPerfect, "\(arrived)")
    }

    @Test("says that a server keeps no archive")
    func none() async throws {
      let rig = try await BridgeRig.start()
      let state = try await rig.device.messages.first("a state with a reason") {
        $0.topic == "xmpp/home/state" && $0.text.contains("keeps no archive")
      }
      #expect(state.text.contains(#""state":"online""#))
    }

    // MARK: What clients of people do

    @Test("gives and takes receipts and markers", arguments: XMPPServerKind.allCases)
    func receipts(server: XMPPServerKind) async throws {
      let rig = try await BridgeRig.start(Self.options(server))
      try await rig.device.publish(rig.sendTopic + "/json", #"{"id":"k1","body":"hello"}"#)
      let message = try await rig.alice.messages.first("the message") { $0.id == "k1" }
      #expect(message.stanza.child("request", in: "urn:xmpp:receipts") != nil)
      rig.alice.send(
        "<message to='\(message.from)' type='chat'><received xmlns='urn:xmpp:receipts' id='k1'/></message>")
      rig.alice.send(
        "<message to='\(message.from)' type='chat'><displayed xmlns='urn:xmpp:chat-markers:0' id='k1'/></message>")
      let topic = rig.statusTopic
      let statuses = try await rig.device.messages.first(3, "statuses") { $0.topic == topic }
      #expect(try statuses.map(BridgedStatus.init).map(\.state) == ["sent", "delivered", "displayed"])

      rig.alice.send(
        "<message to='\(rig.botJID)' type='chat' id='q1'><body>and you?</body><request xmlns='urn:xmpp:receipts'/></message>"
      )
      _ = try await rig.alice.elements.first("a receipt") {
        $0.child("received", in: "urn:xmpp:receipts")?.attribute("id") == "q1"
      }
      try await rig.device.publish(rig.sendTopic + "/json", #"{"marker":{"type":"displayed","id":"q1"}}"#)
      _ = try await rig.alice.elements.first("a marker") {
        $0.child("displayed", in: "urn:xmpp:chat-markers:0")?.attribute("id") == "q1"
      }
    }

    @Test("shows what the account's other clients send and receive", arguments: XMPPServerKind.allCases)
    func carbons(server: XMPPServerKind) async throws {
      let rig = try await BridgeRig.start(Self.options(server))
      let phone = try await XMPPTestClient.connect(.bot, port: rig.server.port)
      phone.send("from the phone", to: rig.alice.bareJID)
      rig.alice.send("to the phone", to: phone.jid)
      let topic = rig.messageTopic
      let copies = try await rig.device.messages.first(2, "copies") { $0.topic == topic }.map(\.text)
      #expect(copies.contains { $0.contains("from the phone") && $0.contains(#""carbon":"sent""#) })
      #expect(copies.contains { $0.contains("to the phone") && $0.contains(#""carbon":"received""#) })
    }
  }
}
