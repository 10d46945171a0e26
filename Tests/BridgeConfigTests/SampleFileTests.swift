import BridgeConfig
import Testing
import XMPP

@Suite("The sample at the top of the repository")
struct SampleFileTests {
  static let path = "\(#filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" })/bridge.conf"

  @Test("is accepted as it is, without a word")
  func accepted() throws {
    let loaded = ConfigurationLoader.load(Self.path)
    #expect(loaded.diagnostics.map(\.description) == [])
    let configuration = try #require(loaded.configuration)
    #expect(
      configuration.bridge == BridgeSection(stateFile: Self.path.replacing("bridge.conf", with: "state/bridge.sqlite")))
    #expect(configuration.mqtt == MQTTSection(endpoint: .tcp(host: "127.0.0.1", port: 1883)))
    #expect(configuration.delivery == DeliverySection())
    let account = try #require(configuration.accounts.first)
    #expect(account.name == "home")
    #expect(account.jid == (try JID("bot@localhost")))
    #expect(account.server == .fixed(host: "127.0.0.1", port: 5222))
  }

  @Test("names in its comments the keys and defaults that the documentation has")
  func comments() throws {
    let bytes = try ConfigurationEnvironment.process.file(Self.path).bytes
    // Every commented-out setting, put to work: `# key = …` lines become keys of their table.
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
    let settings = lines.filter { $0.hasPrefix("#") && $0.dropFirst().first != " " }
    #expect(settings.count > 15)
    let text = lines.map { settings.contains($0) ? $0.dropFirst() : $0[...] }.joined(separator: "\n")
    let files = [
      "secrets/mqtt": Sample.file("x", 0o600), "ca.pem": Sample.file("-----BEGIN CERTIFICATE-----", 0o644),
      "client.crt": Sample.file("-----BEGIN CERTIFICATE-----", 0o644),
      "client.key": Sample.file("-----BEGIN PRIVATE KEY-----", 0o600),
    ]
    let loaded = ConfigurationLoader.load(Array(text.utf8), file: "b.conf", environment: Sample.environment(files))
    #expect(loaded.diagnostics.filter { $0.severity == .error }.map(\.description) == [])
  }
}
