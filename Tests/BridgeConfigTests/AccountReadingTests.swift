import BridgeConfig
import Testing

@Suite("Where an account's server is")
struct AccountReadingTests {
  static let servers: [(keys: String, server: XMPPServer)] = [
    (#"jid = "a@example.org""#, .discovered),
    (#"jid = "a@example.org"; tls = "direct""#, .discovered),
    (#"jid = "a@example.org"; host = "xmpp.example.org""#, .fixed(host: "xmpp.example.org", port: 5222)),
    (
      #"jid = "a@example.org"; host = "xmpp.example.org"; tls = "direct""#,
      .fixed(host: "xmpp.example.org", port: 5223)
    ),
    (#"jid = "a@example.org"; port = 5299"#, .fixed(host: "example.org", port: 5299)),
    (#"jid = "a@example.org"; host = "[2001:db8::1]""#, .fixed(host: "2001:db8::1", port: 5222)),
    (#"jid = "a@example.org"; host = "fe80::1%eth0""#, .fixed(host: "fe80::1%eth0", port: 5222)),
    (#"jid = "a@example.org"; host = "bücher.example""#, .fixed(host: "bücher.example", port: 5222)),
    (#"jid = "a@example.org"; host = "127.0.0.1"; tls = "none""#, .fixed(host: "127.0.0.1", port: 5222)),
    (#"jid = "a@example.org"; host = "127.8.9.1"; tls = "none""#, .fixed(host: "127.8.9.1", port: 5222)),
    (#"jid = "a@example.org"; host = "::1"; tls = "none""#, .fixed(host: "::1", port: 5222)),
    (#"jid = "a@example.org"; host = "LocalHost"; tls = "none""#, .fixed(host: "LocalHost", port: 5222)),
    (#"jid = "a@localhost"; tls = "none""#, .fixed(host: "localhost", port: 5222)),
    (#"jid = "a@localhost"; tls = "none"; port = 5299"#, .fixed(host: "localhost", port: 5299)),
    (#"jid = "a@127.0.0.1"; tls = "none""#, .fixed(host: "127.0.0.1", port: 5222)),
    (#"jid = "a@[::1]"; tls = "none""#, .fixed(host: "::1", port: 5222)),
  ]

  @Test("follows host, port, domain and tls", arguments: servers)
  func server(keys: String, server: XMPPServer) {
    let keys = keys.replacing("; ", with: "\n")
    let loaded = Sample.load(Sample.broker + "[[account]]\nname = \"home\"\npassword = \"x\"\n" + keys)
    #expect(loaded.diagnostics.isEmpty)
    #expect(loaded.configuration?.accounts.first?.server == server)
  }

  @Test(
    "is not this machine, whatever it resembles",
    arguments: [
      "128.0.0.1", "126.255.255.255", "::2", "::ffff:127.0.0.1", "localhost.example.org", "127.1",
      "127.0.0.1.example.org",
    ])
  func notLoopback(host: String) {
    let loaded = Sample.load(Sample.broker + Sample.account + "host = \"\(host)\"\ntls = \"none\"\n")
    #expect(loaded.configuration == nil)
    #expect(loaded.diagnostics.map(\.line) == [8])
  }

  @Test("several accounts keep the order of the file, and two resources of one address go together")
  func several() {
    let loaded = Sample.load(
      """
      account = [
        { name = "b", jid = "bot@example.org/1", password = "x" },
        { name = "a", jid = "bot@example.org/2", password = "x" },
        { name = "A", jid = "bot@example.org", password = "x" },
      ]
      mqtt.url = "unix:///run/mosquitto.sock"
      """)
    #expect(loaded.diagnostics.isEmpty)
    #expect(loaded.configuration?.accounts.map(\.name) == ["b", "a", "A"])
    #expect(loaded.configuration?.mqtt.endpoint == .unix(path: "/run/mosquitto.sock"))
  }
}
