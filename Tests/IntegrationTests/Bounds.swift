import Foundation
import Platform
import TestSupport
import Testing

extension Integration {
  /// The disk, the descriptors or the state file let the bridge down: it says so, loses nothing, and goes on by itself.
  @Suite struct Bounds {
    private static let megabyte = 1 << 20

    /// What the log holds for a person who has not asked for details.
    private func lines(_ rig: BridgeRig, from mark: Int) -> [String] {
      rig.bridge.log.all[mark...].filter { !$0.contains(" DEBUG ") && !$0.contains(" TRACE ") }
    }

    /// A broker that logs every packet, and a journal that takes over soon.
    private static var debugBroker: BridgeRig.Options {
      var options = BridgeRig.Options()
      options.brokerOptions.logTypes = ["error", "warning", "notice", "debug"]
      options.configure = { $0.hold = "100ms" }
      return options
    }

    private func event(_ word: String, _ rig: BridgeRig, from mark: Int = 0) async throws -> MQTTMessage {
      try await rig.device.messages.first("event \(word)", from: mark) {
        $0.topic == "xmpp/bridge/event" && $0.text.contains("\"event\":\"\(word)\"")
      }
    }

    private func state(because words: String, _ rig: BridgeRig, from mark: Int = 0) async throws {
      _ = try await rig.device.messages.first("a state with the reason", from: mark) {
        $0.topic == "xmpp/home/state" && $0.text.contains(words)
      }
    }

    private func arrivals(_ rig: BridgeRig, _ audit: MessageAudit) async throws -> MessageAudit {
      var arrived = audit
      _ = try await rig.alice.messages.first("the last message") { audit.isLast($0.body) }
      arrived.record(contentsOf: rig.alice.messages.all.map(\.body))
      return arrived
    }

    private func bridged(_ rig: BridgeRig, _ audit: MessageAudit) async throws -> MessageAudit {
      var arrived = audit
      _ = try await rig.bridged(audit.count)
      arrived.record(contentsOf: try rig.bridgedSoFar.map { $0.body ?? "" })
      return arrived
    }

    // MARK: A full disk

    /// A rig whose state is on a disk of 2 MiB.
    private func rigOnSmallDisk(_ road: Road) async throws -> (BridgeRig, SmallDisk) {
      let made = Lock<SmallDisk?>(nil)
      var options = BridgeRig.Options(server: road.server, mqtt: road.mqtt)
      options.prepare = { bridge in
        let disk = try bridge.useSmallDisk(bytes: 2 * Self.megabyte)
        made.withLock { $0 = disk }
      }
      let rig = try await BridgeRig.start(options)
      return (rig, try #require(made.withLock { $0 }))
    }

    @Test(
      "a full disk sends everybody away, unacknowledged, until there is room",
      .enabled(if: SmallDisk.isPossible), arguments: Road.all)
    func fullDisk(road: Road) async throws {
      let (rig, disk) = try await rigOnSmallDisk(road)
      let up = MessageAudit("up", count: 800)
      let down = MessageAudit("down", count: 200)
      let (mark, told) = (rig.bridge.log.count, rig.device.messages.count)

      // Nothing goes out, so that it piles up.
      try await rig.xmppLink.stall()
      try disk.fill()
      let topic = rig.sendTopic
      try await rig.device.publish(contentsOf: up.bodies.map { MQTTMessage(topic, $0) })
      _ = try await event("disk-full", rig, from: told)
      try await state(because: "the disk is full", rig, from: told)
      try await rig.xmppLink.resume()
      try await rig.alice.send(bodies: down.bodies, to: rig.botJID)
      // It tries again and again, and says nothing more.
      _ = try await rig.bridge.log.first(4, "attempts", from: mark) { $0.contains("there still is no room") }
      disk.makeRoom()

      _ = try await event("state-writable", rig, from: told)
      let (arrived, descended) = (try await arrivals(rig, up), try await bridged(rig, down))
      #expect(arrived.isPerfect, "\(arrived)")
      // ejabberd 23.01 mixes what it sends again with what is new.
      let isPerfect =
        road.server == .prosody ? descended.isPerfect : descended.lost.isEmpty && descended.doubled.isEmpty
      #expect(isPerfect, "\(descended)")
      #expect(rig.bridge.current?.exitSoFar == nil)
      let lines = lines(rig, from: mark)
      #expect(lines.count { $0.contains("event=disk-full") } == 1)
      #expect(lines.count <= 15, "\(lines.joined(separator: "\n"))")
    }

    /// What was published before and is not answered yet is neither forgotten nor published again.
    @Test("publishes under way when the disk fills up arrive once", .enabled(if: SmallDisk.isPossible))
    func publishesUnderWay() async throws {
      let (rig, disk) = try await rigOnSmallDisk(Road(server: .prosody, mqtt: .v5))
      let audit = MessageAudit("way", count: 1_500)
      let mark = rig.bridge.log.count
      try await rig.mqttLink.stall()
      try await rig.alice.send(bodies: Array(audit.bodies[..<100]), to: rig.botJID)
      // The journal has taken them over: they have been handed to the out connection.
      _ = try await rig.bridge.log.first("an <a/> for the first messages", from: mark) { line in
        guard let start = line.firstRange(of: "h of our <a/> is ")?.upperBound else { return false }
        return Int(line[start...].prefix { $0.isNumber }) ?? 0 >= 100
      }
      try disk.fill()
      try await rig.alice.send(bodies: Array(audit.bodies[100...]), to: rig.botJID)
      try await rig.bridge.logs("event=disk-full", from: mark)
      try await rig.mqttLink.resume()
      _ = try await rig.bridged(100)
      _ = try await rig.bridge.log.first(2, "attempts", from: mark) { $0.contains("there still is no room") }
      disk.makeRoom()
      let arrived = try await bridged(rig, audit)
      #expect(arrived.isPerfect, "\(arrived)")
      // A message behind them shows that no copy of them was behind it.
      rig.alice.send("the end", to: rig.botJID)
      _ = try await rig.device.messages.first("the end") { $0.text.contains("\"the end\"") }
      #expect(try rig.bridgedSoFar.count == audit.count + 1)
    }

    @Test("a disk that is full at the start is waited for", .enabled(if: SmallDisk.isPossible))
    func fullAtStart() async throws {
      let (rig, disk) = try await rigOnSmallDisk(Road(server: .prosody, mqtt: .v5))
      #expect(try await rig.bridge.stop() == .code(0))
      let told = rig.device.messages.count
      try disk.fill()
      try await rig.bridge.start()
      try await state(because: "the disk is full", rig, from: told)
      _ = try await event("disk-full", rig, from: told)
      // Leaving works all the same.
      #expect(try await rig.bridge.stop() == .code(0))
      try await rig.bridge.start()
      try await rig.bridge.logs("there still is no room")
      disk.makeRoom()
      try await rig.online(from: told)
      try await rig.device.publish(rig.sendTopic, "after all")
      _ = try await rig.alice.messages.first("the message") { $0.body == "after all" }
    }

    // MARK: A state file that cannot be used

    @Test("a state file that is no database is set aside, and the bridge begins anew")
    func corruptState() async throws {
      let rig = try await BridgeRig.start()
      rig.alice.send("before", to: rig.botJID)
      let before = try #require(try await rig.bridged(1).first)
      try await rig.bridge.stop()
      try rig.bridge.write(String(repeating: "this is no database\n", count: 1_000), to: "state/bridge.sqlite")
      let told = rig.device.messages.count
      try await rig.bridge.start()
      let event = try await event("state-set-aside", rig, from: told)
      try await rig.online(from: told)
      let aside = try #require(try rig.bridge.stateFiles.first { $0.contains("bridge.sqlite.damaged-") })
      #expect(event.text.contains(aside))
      #expect(rig.bridge.log.all.contains { $0.contains(" ERROR ") && $0.contains(aside) })
      rig.alice.send("after", to: rig.botJID)
      let after = try #require(try await rig.bridged(1, from: told).first)
      #expect(after.body == "after" && after.epoch > before.epoch)
    }

    @Test("damage that is found while it runs sets the file aside, and the bridge goes on")
    func corruptWhileRunning() async throws {
      let rig = try await BridgeRig.start(Self.debugBroker)
      let (mark, told) = (rig.bridge.log.count, rig.device.messages.count)
      // More than there is room for in memory and in the log: it has to be read again.
      let topic = rig.sendTopic
      let body = String(repeating: "x", count: 8_000)
      try await rig.xmppLink.stall()
      try await rig.device.publish(contentsOf: (0..<3_500).map { MQTTMessage(topic, "\($0) \(body)") })
      _ = try await #require(rig.broker.log).first(3_500, "PUBACKs of the bridge") {
        $0.contains("Received PUBACK from bridge-in-home")
      }
      for file in [rig.bridge.state + "-wal", rig.bridge.state] {
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: file))
        let size = try handle.seekToEnd()
        try handle.seek(toOffset: 0)
        try handle.write(contentsOf: Data(repeating: 0xA5, count: Int(size)))
        try handle.close()
      }
      try await rig.xmppLink.resume()
      let line = try await rig.bridge.logs("event=state-damaged", from: mark)
      #expect(line.contains(" ERROR "))
      _ = try await event("state-set-aside", rig, from: told)
      _ = try await event("state-writable", rig, from: told)
      try await rig.device.publish(topic, "still here")
      _ = try await rig.alice.messages.first("the message") { $0.body == "still here" }
    }

    @Test("a state file that another program has locked is waited for")
    func lockedState() async throws {
      let rig = try await BridgeRig.start()
      try await rig.bridge.stop()
      let lock = try FileLock(rig.bridge.state)
      let told = rig.device.messages.count
      try await rig.device.publish(rig.sendTopic, "meanwhile")
      try await rig.bridge.start()
      try await state(because: "locked by another program", rig, from: told)
      _ = try await event("state-locked", rig, from: told)
      try await rig.bridge.logs("the state file still fails")
      lock.release()
      try await rig.online(from: told)
      _ = try await rig.alice.messages.first("the message") { $0.body == "meanwhile" }
      #expect(try rig.bridge.stateFiles.allSatisfy { !$0.contains("damaged") })
    }

    @Test("a state file of a later version ends the start with a sentence, and is left alone")
    func newerState() async throws {
      let rig = try await BridgeRig.start()
      try await rig.bridge.stop()
      // The user version in the header of an SQLite file: four bytes at offset 60.
      let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: rig.bridge.state))
      try handle.seek(toOffset: 60)
      try handle.write(contentsOf: Data([0, 0, 0, 99]))
      try handle.close()
      try await rig.bridge.start()
      #expect(try await rig.bridge.current?.exit() == .code(1))
      #expect(rig.bridge.log.all.contains { $0.contains("was written by a later version") })
      #expect(try rig.bridge.stateFiles.allSatisfy { !$0.contains("damaged") })
    }

    @Test("a copy of the state, which may be old, resumes nothing and begins a new epoch")
    func copiedState() async throws {
      let broker = try await MosquittoServer.start()
      let server = try await FakeXMPPServer.start()
      var configuration = BridgeConf(mqttURL: broker.url, accounts: [.init(port: server.port)])
      configuration.accounts[0].allow = ["alice@localhost"]
      let bridge = try BridgeProcess(configuration)
      let device = try await MQTTTestClient.connect(port: broker.port)
      try await device.subscribe("xmpp/#")
      let topic = "xmpp/home/message/alice@localhost"
      func next(_ body: String) async throws -> BridgedMessage {
        try await server.send(bodies: [body])
        return try BridgedMessage(
          try await device.messages.first(body) { $0.topic == topic && $0.text.contains("\"\(body)\"") })
      }

      try await bridge.start()
      let first = try await next("first")
      try await bridge.kill()
      try bridge.copyState(to: "copy")
      try await bridge.start()
      let second = try await next("second")
      #expect(server.events.all.contains { if case .resumed = $0 { true } else { false } })
      #expect(second.epoch == first.epoch && second.seq == first.seq + 1)
      try await bridge.kill()

      try bridge.restoreState(from: "copy")
      let mark = server.events.count
      try await bridge.start()
      let third = try await next("third")
      #expect(third.epoch > first.epoch)
      #expect(
        server.events.all[mark...].allSatisfy {
          switch $0 {
          case .resumed, .resumptionFailed: false
          default: true
          }
        })
      let line = try await bridge.logs("event=state-uncertain")
      #expect(line.contains(" WARNING ") && line.contains("is a copy"))
      _ = try await device.messages.first("the event") {
        $0.topic == "xmpp/bridge/event" && $0.text.contains("state-uncertain")
      }
    }

    // MARK: A full journal

    private static func fewMessages(_ road: Road) -> BridgeRig.Options {
      var options = BridgeRig.Options(server: road.server, mqtt: road.mqtt)
      options.configure = {
        $0.hold = "100ms"
        $0.moreDelivery = ["journal_max_messages = 50"]
      }
      return options
    }

    @Test("a full journal keeps the broker waiting, and says so once a minute at most", arguments: Road.all)
    func fullForTheServer(road: Road) async throws {
      let rig = try await BridgeRig.start(Self.fewMessages(road))
      let audit = MessageAudit("full", count: 1_000)
      let (mark, told) = (rig.bridge.log.count, rig.device.messages.count)
      try await rig.xmppLink.stall()
      let topic = rig.sendTopic
      try await rig.device.publish(contentsOf: audit.bodies.map { MQTTMessage(topic, $0) })
      _ = try await event("journal-full", rig, from: told)
      try await state(because: "the journal is full", rig, from: told)
      try await rig.xmppLink.resume()
      let arrived = try await arrivals(rig, audit)
      #expect(arrived.isPerfect, "\(arrived)")
      let lines = lines(rig, from: mark)
      #expect(lines.count { $0.contains("event=journal-full") } <= 3)
      #expect(lines.count <= 15, "\(lines.joined(separator: "\n"))")
    }

    @Test("a full journal keeps the server waiting, and says so once a minute at most")
    func fullForTheBroker() async throws {
      let rig = try await BridgeRig.start(Self.fewMessages(Road(server: .prosody, mqtt: .v5)))
      let audit = MessageAudit("full", count: 400)
      let mark = rig.bridge.log.count
      try await rig.mqttLink.stall()
      try await rig.alice.send(bodies: audit.bodies, to: rig.botJID)
      try await rig.bridge.logs("event=journal-full", from: mark)
      try await rig.mqttLink.resume()
      let arrived = try await bridged(rig, audit)
      #expect(arrived.isPerfect, "\(arrived)")
      let lines = lines(rig, from: mark)
      #expect(lines.count { $0.contains("event=journal-full") } <= 3)
      #expect(lines.count <= 15, "\(lines.joined(separator: "\n"))")
    }

    // MARK: No descriptors

    @Test("a limit that is too low for the accounts is said at the start")
    func lowLimit() async throws {
      let bridge = try BridgeProcess(
        BridgeConf(mqttURL: "mqtt://127.0.0.1:\(Loopback.freePort())", accounts: [.init(port: Loopback.freePort())]))
      let child = try await ChildProcess.start(
        .init(
          "/bin/sh",
          ["-c", "ulimit -n 66 && exec \"$0\" run --config \"$1\"", try BridgeProcess.executable(), bridge.file]))
      let line = try await child.lines.first("the warning") { $0.contains("file descriptors") }
      #expect(line.contains(" WARNING ") && line.contains("may need 68") && line.contains("66 are allowed"))
      _ = try await child.lines.first("the start") { $0.contains("running") }
      child.terminate()
      #expect(try await child.exit() == .code(0))
    }

    @Test("without a free descriptor what is up stays up, the rest waits, and one event says so")
    func noDescriptors() async throws {
      let rig = try await BridgeRig.start()
      let (mark, told) = (rig.bridge.log.count, rig.device.messages.count)
      let bridge = try #require(rig.bridge.current)
      let limit = try bridge.limitDescriptors(to: 3)
      try await rig.xmppLink.reset()
      let event = try await event("descriptors-exhausted", rig, from: told)
      #expect(event.text.contains("no file descriptor is left"))
      // The broker's connections are as they were: a message is taken over, and its publisher told.
      try await rig.device.publish(rig.sendTopic + "/json", #"{"id":"d1","body":"waits"}"#)
      let topic = rig.statusTopic
      _ = try await rig.device.messages.first("its status") { $0.topic == topic && $0.text.contains("queued") }
      #expect(rig.bridge.log.all[mark...].allSatisfy { !$0.contains("event=mqtt-disconnected") })
      try bridge.limitDescriptors(to: limit)
      _ = try await rig.alice.messages.first("the message") { $0.body == "waits" }
      _ = try await self.event("descriptors-available", rig, from: told)
      #expect(rig.bridge.log.all[mark...].count { $0.contains("event=descriptors-exhausted") } == 1)
    }
  }
}
