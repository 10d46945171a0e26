import TestSupport
import Testing

struct MosquittoServerTests {
  @Test("carries a publish with all its properties", arguments: MQTTTestClient.Version.allCases)
  func publishes(version: MQTTTestClient.Version) async throws {
    let broker = try await MosquittoServer.start()
    var options = MQTTTestClient.Options()
    options.version = version
    let receiver = try await MQTTTestClient.connect(port: broker.port, options)
    try await receiver.subscribe("a/#")
    let sender = try await MQTTTestClient.connect(port: broker.port, options)
    var message = MQTTMessage("a/b", "hello")
    if version == .v5 {
      message.properties.contentType = "text/plain"
      message.properties.isUTF8 = true
      message.properties.responseTopic = "reply/here"
      message.properties.correlationData = [0, 1, 2]
      message.properties.user = [.init("one", "1"), .init("two", "2"), .init("one", "again")]
    }
    try await sender.publish(message)
    #expect(try await receiver.messages.first() == message)
  }

  @Test("acknowledges thousands of publishes in order")
  func manyPublishes() async throws {
    let broker = try await MosquittoServer.start()
    let client = try await MQTTTestClient.connect(port: broker.port)
    try await client.subscribe("numbers")
    var audit = MessageAudit("mqtt", count: 3_000)
    let codes = try await client.publish(contentsOf: audit.bodies.map { MQTTMessage("numbers", $0) })
    #expect(codes.allSatisfy { $0 == 0 })
    audit.record(contentsOf: try await client.messages.first(audit.count).map(\.text))
    #expect(audit.isPerfect, "\(audit)")
  }

  @Test("keeps a session over a clean restart")
  func persists() async throws {
    let broker = try await MosquittoServer.start()
    var options = MQTTTestClient.Options()
    options.clientID = "lasting"
    options.cleanStart = false
    options.sessionExpiry = 3_600
    var receiver: MQTTTestClient? = try await MQTTTestClient.connect(port: broker.port, options)
    try await receiver?.subscribe("a")
    try await receiver?.disconnect()
    receiver = nil

    try await MQTTTestClient.connect(port: broker.port).publish("a", "kept")
    try await broker.restart()
    let again = try await MQTTTestClient.connect(port: broker.port, options)
    #expect(again.sessionPresent)
    #expect(try await again.messages.first().text == "kept")
  }

  @Test("lets in only who has the password")
  func passwords() async throws {
    var configuration = MosquittoServer.Options()
    configuration.users = [.alice]
    let broker = try await MosquittoServer.start(configuration)
    var options = MQTTTestClient.Options()
    options.user = .alice
    _ = try await MQTTTestClient.connect(port: broker.port, options)
    options.user = TestUser("alice", password: "wrong")
    await #expect(throws: TestFailure.self) { _ = try await MQTTTestClient.connect(port: broker.port, options) }
  }

  @Test("listens with TLS and on a Unix socket")
  func listeners() async throws {
    let certificates = try await Certificates()
    var configuration = MosquittoServer.Options()
    configuration.tls = try await certificates.issue("broker")
    configuration.unixSocket = true
    let broker = try await MosquittoServer.start(configuration)

    var options = MQTTTestClient.Options()
    options.authority = certificates.authority
    let encrypted = try await MQTTTestClient.connect(port: try #require(broker.tlsPort), options)
    try await encrypted.subscribe("a")
    let local = try await MQTTTestClient.connect(port: 0, host: try #require(broker.unixSocket))
    try await local.publish("a", "over both")
    #expect(try await encrypted.messages.first().text == "over both")
  }

  @Test("publishes the will of a client that vanishes")
  func will() async throws {
    let broker = try await MosquittoServer.start()
    let proxy = try await TCPProxy.start(to: broker.port)
    let watcher = try await MQTTTestClient.connect(port: broker.port)
    try await watcher.subscribe("state")
    var options = MQTTTestClient.Options()
    options.will = MQTTMessage("state", "gone")
    let mortal = try await MQTTTestClient.connect(port: proxy.port, options)
    try await proxy.set(.refuse)
    #expect(try await watcher.messages.first().text == "gone")
    withExtendedLifetime(mortal) {}
  }
}
