import BridgeConfig
import Platform
import Testing
import XMPP

@Suite("A configuration file becomes one value")
struct ConfigurationLoaderTests {
  @Test("only url, name, jid and a password are needed; everything else has its documented default")
  func defaults() throws {
    let loaded = Sample.load(Sample.broker + Sample.account)
    #expect(loaded.diagnostics.isEmpty)
    let configuration = try #require(loaded.configuration)

    #expect(configuration.bridge.name == "bridge")
    #expect(configuration.bridge.topicPrefix == "xmpp")
    #expect(configuration.bridge.stateFile == "state/bridge.sqlite")
    #expect(configuration.bridge.logLevel == .info)
    #expect(configuration.bridge.logFormat == .text)
    #expect(configuration.bridge.onExit == .logout)

    #expect(configuration.mqtt.endpoint == .tcp(host: "h", port: 1883))
    #expect(configuration.mqtt.protocolVersion == .v5)
    #expect(configuration.mqtt.username == nil)
    #expect(configuration.mqtt.password == nil)
    #expect(configuration.mqtt.keepalive == .seconds(60))
    #expect(configuration.mqtt.sessionExpiry == .seconds(604_800))

    #expect(configuration.delivery.hold == .seconds(2))
    #expect(configuration.delivery.holdMessages == 16)
    #expect(configuration.delivery.journalMaxMessages == 100_000)
    #expect(configuration.delivery.journalMaxBytes == 268_435_456)
    #expect(configuration.delivery.expireAfter == .seconds(604_800))

    let account = try #require(configuration.accounts.first)
    #expect(configuration.accounts.count == 1)
    #expect(account.name == "home")
    #expect(account.jid == (try JID("bot@example.org")))
    #expect(account.password == Secret(Array("x".utf8)))
    #expect(account.server == .discovered)
    #expect(account.tls == .startTLS)
    #expect(account.trust == TrustConfiguration())
    #expect(account.keepalive == .seconds(30))
    #expect(account.rooms == [])
    #expect(account.status == .all)
    #expect(account.binary == .base64)
  }

  @Test("every key is read")
  func everything() throws {
    let loaded = Sample.load(
      """
      [bridge]
      name = "b-1"
      topic_prefix = "site/xmpp"
      state = "s.db"
      log_level = "trace"
      log_format = "json"
      on_exit = "park"
      [mqtt]
      url = "mqtts://broker.example.org"
      protocol = "3.1.1"
      username = "bridge"
      password_file = "secret"
      ca_file = "ca.pem"
      client_cert = "ca.pem"
      client_key = "key.pem"
      keepalive = "2m"
      session_expiry = "1h"
      [delivery]
      hold = "500ms"
      hold_messages = 1
      journal_max_messages = 10
      journal_max_bytes = "64KiB"
      expire_after = "1h"
      [[account]]
      name = "home"
      jid = "Bot@Example.org/house"
      client_cert = "ca.pem"
      client_key = "key.pem"
      host = "::1"
      port = 5223
      tls = "direct"
      trust = { ca_file = "ca.pem", pin_sha256 = ["\(String(repeating: "0a", count: 32))"] }
      keepalive = "5s"
      rooms = [{ jid = "Ops@Conference.example.org", nick = "Büro 1", password_file = "secret" }]
      status = "asked"
      binary = "drop"
      """)
    #expect(loaded.diagnostics.isEmpty)
    let configuration = try #require(loaded.configuration)
    #expect(
      configuration.bridge
        == BridgeSection(
          name: "b-1", topicPrefix: "site/xmpp", stateFile: "s.db", logLevel: .trace, logFormat: .json,
          onExit: .park))
    #expect(
      configuration.mqtt
        == MQTTSection(
          endpoint: .tls(host: "broker.example.org", port: 8883), protocolVersion: .v311, username: "bridge",
          password: Secret(Array("s3cret".utf8)), caFile: "ca.pem", clientCertificateFile: "ca.pem",
          clientKeyFile: "key.pem", keepalive: .seconds(120), sessionExpiry: .seconds(3600)))
    #expect(
      configuration.delivery
        == DeliverySection(
          hold: .milliseconds(500), holdMessages: 1, journalMaxMessages: 10, journalMaxBytes: 65_536,
          expireAfter: .seconds(3600)))
    var account = AccountConfiguration(name: "home", jid: try JID("bot@example.org/house"), password: nil)
    account.clientCertificateFile = "ca.pem"
    account.clientKeyFile = "key.pem"
    account.server = .fixed(host: "::1", port: 5223)
    account.tls = .direct
    account.trust = TrustConfiguration(caFile: "ca.pem", pins: [[UInt8](repeating: 10, count: 32)])
    account.keepalive = .seconds(5)
    account.rooms = [
      RoomConfiguration(
        jid: try JID("ops@conference.example.org"), nick: "Büro 1", password: Secret(Array("s3cret".utf8)))
    ]
    account.status = .asked
    account.binary = .drop
    #expect(configuration.accounts == [account])
  }

  @Test("all faults of a file are told at once, in the order of the file")
  func allAtOnce() {
    let fault = Fault.file(
      "many faults",
      """
      brigde = "info"
      [bridge]
      log_level = "loud"
      [mqtt]
      url = "tcp://h"
      keepalive = 60
      [delivery]
      hold = "1h"
      [[account]]
      name = "a b"
      jid = "@"
      port = "5222"
      [[account]]
      nane = "c"
      pubsub = []
      """,
      says: #"1:1: the file has no key “brigde”; the nearest is "bridge""#,
      #"3:13: bridge.log_level is “loud”; it can be "trace", "debug", "info", "notice", "warning" or "error""#,
      "5:7: mqtt.url has the scheme tcp://; write mqtt://",
      #"6:13: mqtt.keepalive is an integer; it must be a duration, such as keepalive = "60s""#,
      "8:8: delivery.hold is 1h, more than a quarter of mqtt.keepalive (1m); it can be up to 15s",
      """
      9:1: [[account]] has no password; write password_file = "secrets/home" (or password, password_env, or \
      client_cert)
      """,
      "10:8: account.name is not usable: “a b” must not contain “ ”; a name is of letters A-Z a-z, digits, _ and -",
      """
      11:7: account.jid is “@”, which is no JID: there is nothing before the @; write one like "bot@example.org"
      """,
      "12:8: account.port is a string; it must be a whole number, such as port = 5222",
      #"13:1: [[account]] has no jid; write jid = "bot@example.org""#,
      #"13:1: [[account]] has no name; write name = "home""#,
      """
      13:1: [[account]] has no password; write password_file = "secrets/home" (or password, password_env, or \
      client_cert)
      """,
      #"14:1: [[account]] has no key “nane”; the nearest is "name""#,
      "15:1: warning: account.pubsub has no effect in this version")
    #expect(fault.diagnostics == fault.says)
    #expect(Sample.load(fault.text).configuration == nil)
  }

  @Test("a warning does not keep the bridge from starting")
  func warnings() {
    let loaded = Sample.load(Sample.broker + Sample.account + "[http]\nlisten = \"\"\n")
    #expect(loaded.diagnostics.map(\.severity) == [.warning])
    #expect(loaded.configuration != nil)
  }

  @Test("a file that is not there is a fault like any other")
  func missingFile() {
    let loaded = ConfigurationLoader.load("none.conf", environment: Sample.environment())
    #expect(loaded.configuration == nil)
    #expect(
      loaded.diagnostics.map(\.description)
        == ["none.conf:1:1: the file cannot be read: No such file or directory; name one with --config"])
  }

  @Test("a file is read through the environment")
  func readsTheFile() {
    let text = Sample.broker + Sample.account
    let loaded = ConfigurationLoader.load(
      "etc/b.conf", environment: Sample.environment(["etc/b.conf": Sample.file(text, 0o644)]))
    #expect(loaded.diagnostics.isEmpty)
    #expect(loaded.configuration != nil)
  }

  @Test(
    "bytes that are no text have a place",
    arguments: [
      ([UInt8]("[mqtt]\n# é".utf8) + [0xFF], "2:4: not UTF-8 text; save the file in UTF-8"),
      ([UInt8]("a = 1\n\0".utf8), "2:1: a control character; a configuration is plain text"),
      ([0xFE, 0xFF, 0, 0x5B], "1:1: not UTF-8 text; save the file in UTF-8"),
    ])
  func notText(bytes: [UInt8], says: String) {
    let loaded = ConfigurationLoader.load(bytes, file: "b", environment: Sample.environment())
    #expect(loaded.diagnostics.map(\.description) == ["b:" + says])
  }

  @Test("equal files make equal configurations, and a changed secret makes another")
  func equality() {
    let text = Sample.broker + Sample.account
    #expect(Sample.load(text).configuration == Sample.load("# comment\n" + text).configuration)
    let changed = text.replacing(#"password = "x""#, with: #"password = "y""#)
    #expect(Sample.load(text).configuration != Sample.load(changed).configuration)
  }

  @Test("the longest default hold is a quarter of the keepalive")
  func holdFollowsKeepalive() {
    let loaded = Sample.load(Sample.account + Sample.broker + "keepalive = \"5s\"\n")
    #expect(loaded.configuration?.delivery.hold == .milliseconds(1250))
    let free = Sample.load(Sample.account + Sample.broker + "keepalive = \"0\"\n[delivery]\nhold = \"1h\"\n")
    #expect(free.configuration?.delivery.hold == .seconds(3600))
    let none = Sample.load(Sample.account + Sample.broker + "[delivery]\nhold = \"0\"\n")
    #expect(none.configuration?.delivery.hold == .zero)
  }
}
