import TestSupport
import Testing

extension Integration {
  /// `check --connect` against real servers: what it finds out, and how it ends.
  @Suite struct CheckConnect {
    /// What the command said.
    private struct Answer: CustomStringConvertible {
      let exit: ChildProcess.Exit
      let lines: [String]

      init(_ bridge: BridgeProcess) async throws {
        (exit, lines) = try await bridge.command(["check", "--connect"])
      }

      var description: String { "\(exit)\n\(lines.joined(separator: "\n"))" }

      /// The cells of the broker's row: BROKER LOGIN MQTT QOS RETAIN.
      var broker: [String] { cells { $0.hasPrefix("mqtt") && !$0.contains("reachable:") && !$0.contains("refused:") } }

      /// The cells of the account's row: ACCOUNT JID SERVER LOGIN TLS SM MAM UPLOAD CARBONS MECHANISMS….
      var account: [String] { cells { $0.hasPrefix("home ") } }

      private func cells(_ isRow: (String) -> Bool) -> [String] {
        lines.first(where: isRow)?.split(separator: " ").map(String.init) ?? []
      }

      /// Whether one line holds all of these words.
      func says(_ words: String...) -> Bool {
        lines.contains { line in words.allSatisfy(line.contains) }
      }
    }

    private static func certified(_ pair: Certificates.Pair) -> XMPPServerOptions {
      var options = XMPPServerOptions()
      options.certificate = pair
      options.requiresEncryption = true
      return options
    }

    private func bridge(
      _ server: any XMPPServer, _ broker: MosquittoServer, _ change: (inout BridgeConf) -> Void = { _ in }
    ) throws -> BridgeProcess {
      var configuration = BridgeConf(mqttURL: broker.url, accounts: [.init(port: server.port)])
      change(&configuration)
      return try BridgeProcess(configuration)
    }

    @Test("shows what a broker and an XMPP server offer", arguments: XMPPServerKind.allCases)
    func offers(kind: XMPPServerKind) async throws {
      let certificates = try await Certificates()
      var options = Self.certified(try await certificates.issue("server"))
      options.archive = true
      options.rooms = true
      options.extra =
        switch kind {
        case .prosody: ["Component \"upload.localhost\" \"http_file_share\""]
        case .ejabberd: ["  mod_http_upload: {put_url: \"https://localhost/upload\"}"]
        }
      let server = try await kind.start(options)
      let broker = try await MosquittoServer.start()
      let bridge = try bridge(server, broker) {
        $0.accounts[0].tls = "starttls"
        $0.accounts[0].more = ["trust = { ca_file = \"\(certificates.authority)\" }"]
      }

      let answer = try await Answer(bridge)
      #expect(answer.exit == .code(0), "\(answer)")
      #expect(answer.broker == [broker.url, "fine", "5", "0-2", "yes"], "\(answer)")
      let account = answer.account
      let head = [
        "home", "bot@localhost/bridge", "127.0.0.1:\(server.port)", "fine", "TLSv1.3", "yes", "yes", "yes", "yes",
      ]
      #expect(Array(account.prefix(head.count)) == head, "\(answer)")
      #expect(account.dropFirst(head.count).contains("SCRAM-SHA-1"), "\(answer)")
    }

    @Test("tells what is missing", arguments: XMPPServerKind.allCases)
    func lacks(kind: XMPPServerKind) async throws {
      var options = XMPPServerOptions()
      options.streamManagement = false
      options.carbons = false
      let server = try await kind.start(options)
      var brokerOptions = MosquittoServer.Options()
      let port = Loopback.freePort()
      brokerOptions.extra = ["retain_available false", "listener \(port) 127.0.0.1", "max_qos 1"]
      let broker = try await MosquittoServer.start(brokerOptions)

      let answer = try await Answer(try bridge(server, broker) { $0.mqttURL = "mqtt://127.0.0.1:\(port)" })
      #expect(answer.exit == .code(0), "\(answer)")
      #expect(Array(answer.broker.dropFirst()) == ["fine", "5", "0-1", "no"], "\(answer)")
      #expect(Array(answer.account.dropFirst(3).prefix(6)) == ["fine", "-", "no", "no", "no", "no"], "\(answer)")
    }

    @Test("says nothing of what an MQTT 3.1.1 broker does not say")
    func olderProtocol() async throws {
      let server = try await ProsodyServer.start()
      let broker = try await MosquittoServer.start()
      let answer = try await Answer(try bridge(server, broker) { $0.mqttVersion = .v311 })
      #expect(answer.exit == .code(0), "\(answer)")
      #expect(answer.broker == [broker.url, "fine", "3.1.1", "-", "-"], "\(answer)")
    }

    @Test("ends with 1 if the server refuses the password", arguments: XMPPServerKind.allCases)
    func wrongPassword(kind: XMPPServerKind) async throws {
      let server = try await kind.start()
      let broker = try await MosquittoServer.start()
      let answer = try await Answer(try bridge(server, broker) { $0.accounts[0].password = "wrong" })
      #expect(answer.exit == .code(1), "\(answer)")
      #expect(answer.account.contains("refused") && answer.account.contains("SCRAM-SHA-1"), "\(answer)")
      #expect(answer.says("account home", "refused", "the server refuses the credentials"), "\(answer)")
    }

    @Test("ends with 1 if the broker refuses the password", arguments: MQTTTestClient.Version.allCases)
    func wrongBrokerPassword(version: MQTTTestClient.Version) async throws {
      let server = try await ProsodyServer.start()
      var options = MosquittoServer.Options()
      options.users = [TestUser("bridge")]
      let broker = try await MosquittoServer.start(options)
      let answer = try await Answer(
        try bridge(server, broker) {
          $0.mqttVersion = version
          $0.moreMQTT = ["username = \"bridge\"", "password = \"wrong\""]
        })
      #expect(answer.exit == .code(1), "\(answer)")
      #expect(Array(answer.broker.dropFirst()) == ["refused", "-", "-", "-"], "\(answer)")
      #expect(answer.says(broker.url, "refused"), "\(answer)")
      #expect(answer.account.contains("fine"), "\(answer)")
    }

    @Test("ends with 69 if nobody listens, even if another server refuses the login")
    func nobodyListens() async throws {
      let server = try await ProsodyServer.start()
      let answer = try await Answer(
        try BridgeProcess(
          BridgeConf(
            mqttURL: "mqtt://127.0.0.1:\(Loopback.freePort())", accounts: [.init(port: Loopback.freePort())])))
      #expect(answer.exit == .code(69), "\(answer)")
      #expect(Array(answer.broker.dropFirst()) == ["unreachable", "-", "-", "-"], "\(answer)")
      #expect(Array(answer.account.dropFirst(2).prefix(2)) == ["-", "unreachable"], "\(answer)")

      var refused = BridgeConf(
        mqttURL: "mqtt://127.0.0.1:\(Loopback.freePort())", accounts: [.init(port: server.port)])
      refused.accounts[0].password = "wrong"
      #expect(try await Answer(try BridgeProcess(refused)).exit == .code(69))
    }

    @Test("shows the digest of a certificate that nobody vouches for, which can then be pinned")
    func pinning() async throws {
      let certificates = try await Certificates()
      let pair = try await certificates.selfSigned("server")
      let digest = try await Certificates.fingerprint(pair.certificate)
      let server = try await ProsodyServer.start(Self.certified(pair))
      let broker = try await MosquittoServer.start()
      let bridge = try bridge(server, broker) { $0.accounts[0].tls = "starttls" }

      let distrust = try await Answer(bridge)
      #expect(distrust.exit == .code(69), "\(distrust)")
      #expect(distrust.says("account home", "unreachable", "not trusted", digest), "\(distrust)")

      try bridge.reconfigure { $0.accounts[0].more = ["trust = { pin_sha256 = [\"\(digest)\"] }"] }
      let trust = try await Answer(bridge)
      #expect(trust.exit == .code(0), "\(trust)")
      #expect(trust.account.contains("TLSv1.3"), "\(trust)")
    }

    @Test("leaves a bridge alone that runs with the same file", arguments: XMPPServerKind.allCases)
    func besideRunningBridge(kind: XMPPServerKind) async throws {
      let rig = try await BridgeRig.start(.init(server: kind))
      rig.alice.send("before", to: rig.botJID)
      _ = try await rig.bridged(1)
      let answer = try await Answer(rig.bridge)
      #expect(answer.exit == .code(0), "\(answer)")

      rig.alice.send("after", to: rig.botJID)
      #expect(try await rig.bridged(2).map(\.body) == ["before", "after"])
      // One connection of the bridge and one of the command, one after the other.
      #expect(rig.xmppLink.connectionCount == 2)
      #expect(!rig.alice.elements.all.contains { "\($0)".contains("/check-") })
    }
  }
}
