import TestSupport
import Testing
import XMLStream

extension Integration {
  /// A room (XEP-0045) with the bridge and alice in it.
  @Suite struct Rooms {
    private static let room = "ops@conference.localhost"
    private static let topic = "xmpp/home/room/ops@conference.localhost"
    private static let everyServer = XMPPServerKind.allCases

    private static func start(_ server: XMPPServerKind, archive: Bool = true) async throws -> BridgeRig {
      var options = BridgeRig.Options(server: server)
      options.xmppOptions.rooms = true
      options.xmppOptions.archive = archive
      options.configure = {
        $0.accounts[0].more = [#"rooms = [{ jid = "ops@conference.localhost", nick = "bridge" }]"#]
      }
      let rig = try await BridgeRig.start(options)
      try await joined(rig)
      try await enter(rig.alice)
      return rig
    }

    /// Waits until the bridge says that it is in the room.
    private static func joined(_ rig: BridgeRig, from mark: Int = 0) async throws {
      _ = try await rig.device.messages.first("the room joined", from: mark) {
        $0.topic == topic + "/state" && $0.text.contains(#""state":"joined""#)
      }
    }

    /// Enters the room. The bridge made it, and until it has accepted it as it is, nobody else gets in.
    private static func enter(_ client: XMPPTestClient) async throws {
      var answer: XMLElement
      repeat {
        let mark = client.elements.count
        client.send(
          "<presence to='\(room)/alice'><x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x></presence>"
        )
        answer = try await client.elements.first("the room's answer to alice", from: mark) {
          $0.name == "presence" && $0.attribute("from") == room + "/alice"
        }
      } while answer.attribute("type") == "error"
    }

    private static func say(_ bodies: some Collection<String>, _ client: XMPPTestClient) async throws {
      try await client.send(bodies: Array(bodies), to: room, type: "groupchat")
    }

    /// What the device was told of the room, in order.
    private static func heard(_ rig: BridgeRig, _ count: Int, nick: String = "alice") async throws -> [BridgedMessage] {
      try await rig.device.messages.first(count, "messages of the room") {
        $0.topic == topic && $0.text.contains(#""nick":"\#(nick)""#)
      }.map(BridgedMessage.init)
    }

    @Test("carries what is said both ways, its own words too, and who is there", arguments: everyServer)
    func bothWays(server: XMPPServerKind) async throws {
      let rig = try await Self.start(server, archive: false)
      let topic = Self.topic
      _ = try await rig.device.messages.first("alice among the occupants") {
        $0.topic == topic + "/occupants" && $0.text.contains(#""nick":"alice""#)
          && $0.text.contains(#""nick":"bridge""#)
      }
      try await Self.say(["hello"], rig.alice)
      let hello = try await Self.heard(rig, 1)[0]
      #expect(hello.body == "hello" && hello.from == Self.room + "/alice" && hello.seq == 1 && hello.isOwn == nil)

      try await rig.device.publish(topic + "/send/json", #"{"id":"k1","body":"light on"}"#)
      let message = try await rig.alice.messages.first("the message") { $0.body == "light on" }
      #expect(message.from == Self.room + "/bridge" && message.type == "groupchat" && message.id == "k1")
      let own = try await Self.heard(rig, 1, nick: "bridge")[0]
      #expect(own.isOwn == true && own.seq == 2 && own.id == "k1")
      let status = try await rig.device.messages.first("its status") { $0.topic == topic + "/status" }
      #expect(try BridgedStatus(status).id == "k1" && BridgedStatus(status).state == "sent")

      rig.alice.send("<message to='\(Self.room)/bridge' type='chat'><body>in private</body></message>")
      let aside = try await rig.device.messages.first("a private message") {
        $0.topic == "xmpp/home/message/ops@conference.localhost"
      }
      #expect(aside.text.contains("in private") && aside.text.contains(Self.room + "/alice"))

      let mark = rig.device.messages.count
      rig.alice.send("<presence type='unavailable' to='\(Self.room)/alice'/>")
      _ = try await rig.device.messages.first("alice gone", from: mark) {
        $0.topic == topic + "/occupants" && !$0.text.contains(#""nick":"alice""#)
      }
    }

    @Test("tells and sets the subject", arguments: everyServer)
    func subject(server: XMPPServerKind) async throws {
      let rig = try await Self.start(server)
      let topic = Self.topic
      try await rig.device.publish(topic + "/send/json", #"{"subject":"Lights"}"#)
      let subject = try await rig.device.messages.first("the subject") {
        $0.topic == topic + "/subject" && $0.text.contains("Lights")
      }
      #expect(subject.text.contains(#""from":"ops@conference.localhost/bridge""#))
      #expect(!rig.device.messages.all.contains { $0.topic == topic })
    }

    /// A retained topic is for whoever comes later.
    @Test("stays in its room over a cut link and a kill", arguments: everyServer)
    func resumption(server: XMPPServerKind) async throws {
      let rig = try await Self.start(server)
      var audit = MessageAudit("resumption", count: 30)
      try await Self.say(audit.bodies[..<10], rig.alice)
      let streams = rig.bridge.streams
      _ = try await rig.xmppLink.reset()
      try await Self.say(audit.bodies[10..<20], rig.alice)
      try await rig.bridge.stream(streams + 1)
      try await rig.bridge.kill()
      try await Self.say(audit.bodies[20...], rig.alice)
      try await rig.bridge.start()
      audit.record(contentsOf: try await Self.heard(rig, 30).map { $0.body ?? "" })
      #expect(audit.isPerfect, "\(audit)")
      // It never left.
      let presences = rig.alice.elements.all.filter {
        $0.name == "presence" && $0.attribute("from") == Self.room + "/bridge"
      }
      #expect(!presences.contains { $0.attribute("type") == "unavailable" })
      let late = try await MQTTTestClient.connect(port: rig.broker.port)
      try await late.subscribe(Self.topic + "/#")
      _ = try await late.messages.first("the retained state") {
        $0.topic.hasSuffix("/state") && $0.text.contains("joined")
      }
      _ = try await late.messages.first("the retained occupants") {
        $0.topic.hasSuffix("/occupants") && $0.text.contains("alice")
      }
    }

    @Test("fetches what was said while it was away, once and in order", arguments: everyServer)
    func away(server: XMPPServerKind) async throws {
      let rig = try await Self.start(server)
      var audit = MessageAudit("away", count: 160)
      try await Self.say(audit.bodies[..<5], rig.alice)
      _ = try await Self.heard(rig, 5)
      #expect(try await rig.bridge.stop() == .code(0))
      // More than a page.
      try await Self.say(audit.bodies[5..<155], rig.alice)
      _ = try await rig.alice.iq("get", "<query xmlns='jabber:iq:roster'/>")
      let mark = rig.device.messages.count
      try await rig.bridge.start()
      try await Self.joined(rig, from: mark)
      _ = try await rig.bridge.logs("event=caught-up")
      try await Self.say(audit.bodies[155...], rig.alice)
      let heard = try await Self.heard(rig, 160)
      audit.record(contentsOf: heard.map { $0.body ?? "" })
      #expect(audit.isPerfect, "\(audit)")
      #expect(heard.map(\.seq) == Array(1...160))
      #expect(heard[100].delayed == true)
    }

    /// The room has the messages, their acknowledgement is lost, and so is the session.
    @Test("asks the room's archive before it sends again", arguments: everyServer)
    func lookup(server: XMPPServerKind) async throws {
      let rig = try await Self.start(server)
      var audit = MessageAudit("lookup", count: 20)
      try await rig.xmppLink.delay(.seconds(1))
      try await rig.device.publish(contentsOf: audit.bodies.map { MQTTMessage(Self.topic + "/send", $0) })
      let expected = audit
      _ = try await rig.alice.messages.first("the last message") { expected.isLast($0.body) }
      try await rig.bridge.kill()
      try await rig.xmppLink.delay(.zero)
      try await rig.server.restart()
      let alice = try await XMPPTestClient.connect(.alice, port: rig.server.port)
      let mark = rig.device.messages.count
      try await rig.bridge.start()
      try await Self.joined(rig, from: mark)
      try await Self.enter(alice)
      try await rig.device.publish(Self.topic + "/send", "behind")
      _ = try await alice.messages.first("the message behind") { $0.body == "behind" }
      #expect(alice.messages.all.map(\.body) == ["behind"])
      audit.record(contentsOf: rig.alice.messages.all.map(\.body))
      #expect(audit.isPerfect, "\(audit)")
      // What was heard of itself meanwhile comes from the archive. The kill may repeat a publish, with its number.
      let topic = Self.topic
      _ = try await rig.device.messages.first("its own last words") { $0.topic == topic && $0.text.contains("behind") }
      var own: [Int: BridgedMessage] = [:]
      for message in try rig.device.messages.all.filter({ $0.topic == topic }).map(BridgedMessage.init) {
        own[message.seq] = message
      }
      #expect(own.sorted { $0.key < $1.key }.map { $0.value.body ?? "" } == audit.bodies + ["behind"])
      #expect(own.values.allSatisfy { $0.isOwn == true })
    }
  }
}
