import Foundation
import Mapping
import Platform
import TestSupport
import Testing
import XMLStream

extension Integration {
  /// `status` against a bridge that runs, and where none does.
  @Suite struct StatusCommand {
    /// What the command answers with `--json`.
    private func status(_ bridge: BridgeProcess) async throws -> JSONValue {
      let (exit, lines) = try await bridge.command(["status", "--json"])
      guard exit == .code(0), lines.count == 1 else { throw TestFailure("status: \(exit) \(lines)") }
      return try JSONValue(parsing: Array(lines[0].utf8))
    }

    /// Asks until the answer is as it should be: what one end has seen need not have been counted yet.
    private func status(_ bridge: BridgeProcess, until isRight: (JSONValue) -> Bool) async throws -> JSONValue {
      let start = ContinuousClock.now
      while true {
        let answer = try await status(bridge)
        if isRight(answer) { return answer }
        if start.duration(to: .now) > Patience.event { throw TestFailure("status goes on showing \(answer)") }
      }
    }

    /// The account `home` as it should be.
    private func home(
      _ bridge: BridgeProcess, until isRight: (JSONValue) -> Bool = { _ in true }
    ) async throws -> JSONValue {
      let answer = try await status(bridge) { Self.home(in: $0).map(isRight) ?? false }
      return try #require(Self.home(in: answer))
    }

    /// The account `home`, which is the only one.
    private static func home(in answer: JSONValue) -> JSONValue? {
      guard case .array(let accounts)? = answer["accounts"], accounts.count == 1 else { return nil }
      return accounts[0]
    }

    private func noBridge(_ bridge: BridgeProcess) async throws -> Bool {
      let (exit, lines) = try await bridge.command(["status"])
      return exit == .code(69) && lines == ["no bridge is running: nobody listens at \(bridge.controlSocket)"]
    }

    @Test("shows sessions, counters and queues as they move", arguments: XMPPServerKind.allCases)
    func counters(server: XMPPServerKind) async throws {
      let rig = try await BridgeRig.start(.init(server: server))
      let first = try await home(rig.bridge) { $0["to_xmpp"]?["unacknowledged"]?.integer == 0 }
      #expect(first["name"]?.string == "home")
      #expect(first["jid"]?.string == "bot@localhost/bridge")
      #expect(first["state"]?.string == "online")
      #expect(first["reason"]?.string?.contains("keeps no archive") == true)
      #expect([first["sessions"], first["resumes"]] == [.number("1"), .number("0")])
      #expect(first["to_xmpp"]?["crossed"]?.integer == 0 && first["to_mqtt"]?["crossed"]?.integer == 0)
      #expect(first["catch_up"] == nil)

      let (topic, statusTopic) = (rig.sendTopic, rig.statusTopic)
      try await rig.device.publish(contentsOf: (0..<3).map { MQTTMessage(topic, "up \($0)") })
      _ = try await rig.device.messages.first(3, "statuses") { $0.topic == statusTopic && $0.text.contains("sent") }
      try await rig.alice.send(bodies: ["down 0", "down 1"], to: rig.botJID)
      let crossed = try await home(rig.bridge) {
        $0["to_xmpp"]?["crossed"]?.integer == 3 && $0["to_mqtt"]?["crossed"]?.integer == 2
          && $0["to_mqtt"]?["waiting"]?.integer == 0
      }
      #expect(crossed["to_xmpp"]?["waiting"]?.integer == 0)

      // What cannot go on waits, and is counted.
      try await rig.xmppLink.stall()
      try await rig.device.publish(contentsOf: (0..<5).map { MQTTMessage(topic, "later \($0)") })
      let waiting = try await home(rig.bridge) {
        $0["to_xmpp"]?["waiting"]?.integer == 5 && $0["to_xmpp"]?["unacknowledged"]?.integer == 5
      }
      #expect(waiting["to_xmpp"]?["crossed"]?.integer == 3)
      try await rig.xmppLink.reset()
      try await rig.xmppLink.resume()
      let resumed = try await home(rig.bridge) { $0["to_xmpp"]?["crossed"]?.integer == 8 }
      #expect([resumed["sessions"], resumed["resumes"]] == [.number("1"), .number("1")])

      try await rig.mqttLink.stall()
      try await rig.alice.send(bodies: ["down 2"], to: rig.botJID)
      let held = try await home(rig.bridge) { $0["to_mqtt"]?["waiting"]?.integer == 1 }
      #expect(held["to_mqtt"]?["crossed"]?.integer == 2)
      try await rig.mqttLink.resume()
      _ = try await home(rig.bridge) { $0["to_mqtt"]?["crossed"]?.integer == 3 }
    }

    @Test("shows the broker, the state file, and all of it as tables")
    func bridge() async throws {
      let rig = try await BridgeRig.start()
      let shown = try await status(rig.bridge)
      #expect(shown["broker"]?["url"]?.string == "mqtt://127.0.0.1:\(rig.mqttLink.port)")
      #expect(shown["broker"]?["state"]?.string == "online" && shown["broker"]?["protocol"]?.string == "5")
      #expect(shown["journal"]?["file_bytes"]?.integer ?? 0 > 0 && shown["journal"]?["syncs"]?.integer ?? 0 > 0)
      #expect(shown["uptime_s"]?.integer ?? -1 >= 0)

      let (exit, lines) = try await rig.bridge.command(["status"])
      #expect(exit == .code(0))
      #expect(lines.count == 5 && lines[0].hasPrefix("BRIDGE ") && lines[3].hasPrefix("ACCOUNT "), "\(lines)")
      #expect(lines.last?.hasPrefix("home     bot@localhost/bridge  online  ") == true, "\(lines)")

      try await rig.broker.stop()
      let away = try await status(rig.bridge) { $0["broker"]?["state"]?.string == "offline" }
      #expect(away["broker"]?["reason"]?.string?.isEmpty == false && away["broker"]?["protocol"] == nil)
    }

    @Test(
      "shows accounts that are stopped for want of room, and what they did before", .enabled(if: SmallDisk.isPossible))
    func fullDisk() async throws {
      let made = Lock<SmallDisk?>(nil)
      var options = BridgeRig.Options()
      options.prepare = { bridge in
        let disk = try bridge.useSmallDisk(bytes: 2 << 20)
        made.withLock { $0 = disk }
      }
      let rig = try await BridgeRig.start(options)
      let disk = try #require(made.withLock { $0 })
      rig.alice.send("before", to: rig.botJID)
      _ = try await home(rig.bridge) { $0["to_mqtt"]?["crossed"]?.integer == 1 }

      try await rig.xmppLink.stall()
      try disk.fill()
      let topic = rig.sendTopic
      try await rig.device.publish(contentsOf: (0..<800).map { MQTTMessage(topic, "up \($0)") })
      let stopped = try await status(rig.bridge) { Self.home(in: $0)?["state"]?.string == "offline" }
      let account = try #require(Self.home(in: stopped))
      #expect(account["reason"]?.string == "the disk is full")
      #expect(account["to_mqtt"]?["crossed"]?.integer == 1)
      #expect(account["to_xmpp"]?["waiting"] == nil)
      #expect(stopped["journal"]?["reason"]?.string?.contains("no room") == true)

      try await rig.xmppLink.resume()
      disk.makeRoom()
      let after = try await home(rig.bridge) { $0["to_xmpp"]?["crossed"]?.integer ?? 0 >= 800 }
      #expect(after["state"]?.string == "online" && after["to_mqtt"]?["crossed"]?.integer == 1)
    }

    @Test("shows how far the archive has been read")
    func catchUp() async throws {
      let broker = try await MosquittoServer.start()
      var behaviour = FakeXMPPServer.Behaviour()
      // Not counted, so that an answer may be many stanzas, and each connection a new session.
      behaviour.streamManagement = false
      let pages = Lock(0)
      behaviour.answer = { element in
        let id = element.attribute("id") ?? ""
        if element.child("query", in: "http://jabber.org/protocol/disco#info") != nil {
          return
            "<iq type='result' id='\(id)' from='bot@localhost'><query xmlns='http://jabber.org/protocol/disco#info'>"
            + "<feature var='urn:xmpp:mam:2'/></query></iq>"
        }
        guard let query = element.child("query", in: "urn:xmpp:mam:2")?.attribute("queryid") else { return nil }
        let page = pages.withLock { pages in
          pages += 1
          return pages
        }
        // From the page behind the 3,000th message on there is no answer.
        guard page <= 30 else { return "" }
        let numbers = (page - 1) * 100..<page * 100
        return numbers.map { number in
          "<message from='bot@localhost'><result xmlns='urn:xmpp:mam:2' queryid='\(query)' id='a\(number)'>"
            + "<forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2026-11-22T07:00:00Z'/>"
            + "<message xmlns='jabber:client' from='alice@localhost/a' to='bot@localhost' type='chat' id='m\(number)'>"
            + "<body>\(number)</body></message></forwarded></result></message>"
        }.joined()
          + "<iq type='result' id='\(id)'><fin xmlns='urn:xmpp:mam:2'><set xmlns='http://jabber.org/protocol/rsm'>"
          + "<last>a\(page * 100 - 1)</last><count>12345</count></set></fin></iq>"
      }
      let server = try await FakeXMPPServer.start(behaviour)
      var configuration = BridgeConf(mqttURL: broker.url, accounts: [.init(port: server.port)])
      configuration.accounts[0].allow = ["alice@localhost"]
      let bridge = try BridgeProcess(configuration)
      try await bridge.start()
      _ = try await server.events.first("the first session") { $0 == .available }
      try await server.cut()

      let account = try await home(bridge) { $0["catch_up"]?["read"]?.integer == 3_000 }
      #expect(account["catch_up"]?["total"]?.integer == 12_345)
      let (exit, lines) = try await bridge.command(["status"])
      #expect(exit == .code(0))
      #expect(lines.last?.hasSuffix("catching up: 3,000 of about 12,345") == true, "\(lines)")
    }

    // MARK: The socket

    @Test("belongs to the user, and goes with the bridge")
    func socket() async throws {
      let rig = try await BridgeRig.start()
      let path = rig.bridge.controlSocket
      let attributes = try FileManager.default.attributesOfItem(atPath: path)
      #expect(attributes[.type] as? FileAttributeType == .typeSocket)
      #expect(attributes[.posixPermissions] as? Int == 0o600)
      #expect(try await rig.bridge.stop() == .code(0))
      #expect(!FileManager.default.fileExists(atPath: path))
      #expect(try await noBridge(rig.bridge))
    }

    @Test("ends with 69 where a bridge was killed, and finds the next one at its place")
    func killed() async throws {
      let rig = try await BridgeRig.start()
      try await rig.bridge.kill()
      #expect(FileManager.default.fileExists(atPath: rig.bridge.controlSocket))
      #expect(try await noBridge(rig.bridge))
      try await rig.bridge.start()
      try await rig.bridge.logs("event=resumed")
      #expect(try await home(rig.bridge) { $0["state"]?.string == "online" }["resumes"]?.integer == 1)
    }

    @Test("still asks the first bridge after a second one was refused")
    func second() async throws {
      let rig = try await BridgeRig.start()
      let (exit, lines) = try await rig.bridge.command(["run"])
      #expect(exit == .code(1) && lines.contains { $0.contains("is in use by process") }, "\(lines)")
      #expect(try await home(rig.bridge)["state"]?.string == "online")
    }

    @Test("says that the path is too long, and the bridge runs without it")
    func longPath() async throws {
      var options = BridgeRig.Options()
      let name = String(repeating: "x", count: LocalSocket.maxPathBytes) + ".sqlite"
      options.prepare = { bridge in
        let configuration = try String(contentsOfFile: bridge.file, encoding: .utf8)
        try bridge.write(configuration.replacing("bridge.sqlite", with: name), to: "bridge.conf")
      }
      let rig = try await BridgeRig.start(options)
      let line = try await rig.bridge.logs("there is no control socket")
      #expect(line.contains(" WARNING ") && line.contains("may have 107") && line.contains(name))
      let (exit, lines) = try await rig.bridge.command(["status"])
      #expect(exit == .code(69) && lines.count == 1 && lines[0].contains("may have 107"), "\(lines)")
    }

    @Test("needs nothing of the configuration but the state file")
    func faultyConfiguration() async throws {
      let rig = try await BridgeRig.start()
      try rig.bridge.reconfigure { $0.accounts[0].tls = "nonsense" }
      #expect(try await home(rig.bridge)["state"]?.string == "online")
      try await rig.bridge.stop()
      let (exit, lines) = try await rig.bridge.command(["status"])
      #expect(exit == .code(78) && lines.contains { $0.contains("nonsense") || $0.contains("account.tls") }, "\(lines)")
    }

    // MARK: Clients

    @Test("serves several clients, tells what it does not know, and turns away too many")
    func clients() async throws {
      let rig = try await BridgeRig.start()
      let path = rig.bridge.controlSocket
      func connect() throws -> LocalSocket { try LocalSocket.connect(to: path, patience: Patience.event) }
      func ask(_ socket: borrowing LocalSocket, _ line: String) throws -> JSONValue {
        try socket.write(Array("\(line)\n".utf8))
        guard let answer = try socket.readLine(limit: 1 << 20) else { throw TestFailure("no answer to \(line)") }
        return try JSONValue(parsing: answer)
      }
      let first = try connect()
      let second = try connect()
      // A client that never reads its answers holds up nobody.
      let deaf = try connect()
      try deaf.write(Array(String(repeating: "{\"request\":\"status\"}\n", count: 2_000).utf8))
      #expect(try ask(first, #"{"request":"status"}"#)["accounts"] != nil)
      #expect(
        try ask(second, #"{"request":"frobnicate"}"#)["error"]?.string == "there is no such request; there is: status")
      #expect(try ask(second, "nonsense")["error"] != nil)
      #expect(try ask(second, #"{"request":"status"}"#)["accounts"] != nil)

      let long = try connect()
      try long.write([UInt8](repeating: 0x78, count: 65_537))
      long.finishWriting()
      #expect(
        try long.readLine(limit: 1_000).map { String(decoding: $0, as: UTF8.self) }
          == #"{"error":"a line has more than 65536 bytes"}"#)
      long.waitUntilClosed()

      // Three are connected.
      let more = try (0..<29).map { _ in try connect().release() }
      defer { for descriptor in more { close(descriptor) } }
      let last = try connect()
      last.waitUntilClosed()
      let (exit, lines) = try await rig.bridge.command(["status"])
      #expect(exit == .code(69) && lines[0].contains("asked by too many"), "\(lines)")
      #expect(try ask(first, #"{"request":"status"}"#)["accounts"] != nil)
      _ = consume second
      _ = consume deaf
    }
  }
}
