import TestSupport
import Testing

/// Two MQTT clients of a broker, of which one goes through a proxy.
private struct Line {
  let broker: MosquittoServer
  let proxy: TCPProxy
  let direct: MQTTTestClient
  let proxied: MQTTTestClient

  init() async throws {
    broker = try await MosquittoServer.start()
    proxy = try await TCPProxy.start(to: broker.port)
    direct = try await MQTTTestClient.connect(port: broker.port)
    try await direct.subscribe("up")
    proxied = try await MQTTTestClient.connect(port: proxy.port)
    try await proxied.subscribe("down")
  }
}

struct TCPProxyTests {
  @Test("passes thousands of messages both ways unharmed")
  func passes() async throws {
    let line = try await Line()
    var (up, down) = (MessageAudit("up", count: 2_000), MessageAudit("down", count: 2_000))
    let (ascending, descending) = (up.bodies, down.bodies)
    async let upward = line.proxied.publish(contentsOf: ascending.map { MQTTMessage("up", $0) })
    async let downward = line.direct.publish(contentsOf: descending.map { MQTTMessage("down", $0) })
    _ = try await (upward, downward)
    up.record(contentsOf: try await line.direct.messages.first(up.count).map(\.text))
    down.record(contentsOf: try await line.proxied.messages.first(down.count).map(\.text))
    #expect(up.isPerfect && down.isPerfect, "\(up); \(down)")
    #expect(line.proxy.connectionCount == 1)
  }

  @Test("holds everything back while stalled, and loses nothing")
  func stalls() async throws {
    let line = try await Line()
    try await line.proxy.stall()
    try await line.direct.publish("down", "late")
    try line.proxied.enqueue([MQTTMessage("up", "later")])
    // What goes around the proxy arrives; what should go through it has not.
    try await line.direct.publish("up", "around")
    #expect(try await line.direct.messages.first().text == "around")
    #expect(line.proxied.messages.count == 0)
    try await line.proxy.resume()
    #expect(try await line.proxied.messages.first().text == "late")
    #expect(try await line.direct.messages.first(from: 1).text == "later")
  }

  @Test("resets connections and counts those that follow")
  func resets() async throws {
    let line = try await Line()
    #expect(try await line.proxy.reset() == 1)
    _ = try await line.proxied.disconnects.first()
    // libmosquitto connects again by itself.
    _ = try await line.proxy.events.first { $0 == .connected(2) }
  }

  @Test("cuts a connection after a number of bytes")
  func cutsAfterBytes() async throws {
    let line = try await Line()
    try await line.proxy.cut(after: 5_000, .toServer)
    try line.proxied.enqueue((0..<200).map { MQTTMessage("up", "message number \($0) of two hundred", qos: 0) })
    _ = try await line.proxy.events.first { $0 == .reachedLimit(1) }
    _ = try await line.proxied.disconnects.first()
    #expect(line.direct.messages.count < 200)
  }

  @Test("cuts a connection behind a text")
  func cutsBehindText() async throws {
    let line = try await Line()
    try await line.proxy.cut(behind: "number 3", .toServer)
    try line.proxied.enqueue((0..<6).map { MQTTMessage("up", "number \($0)", qos: 0) })
    _ = try await line.proxy.events.first { $0 == .reachedLimit(1) }
    #expect(try await line.direct.messages.first(4).map(\.text) == (0..<4).map { "number \($0)" })
    _ = try await line.proxied.disconnects.first()
  }

  @Test("stalls a connection after a number of bytes, and goes on where it stopped")
  func stallsAfterBytes() async throws {
    let line = try await Line()
    let before = try await line.proxy.bytes(.toServer)
    try await line.proxy.stall(after: 5_000, .toServer)
    let texts = (0..<200).map { "message number \($0) of two hundred" }
    try line.proxied.enqueue(texts.map { MQTTMessage("up", $0, qos: 0) })
    _ = try await line.proxy.events.first { $0 == .reachedLimit(1) }
    #expect(try await line.proxy.bytes(.toServer) == before + 5_000)
    #expect(line.direct.messages.count < 200)
    try await line.proxy.resume()
    #expect(try await line.direct.messages.first(200).map(\.text) == texts)
  }

  @Test("passes on the end of a stream behind its last byte")
  func halfCloses() async throws {
    let line = try await Line()
    try await line.proxy.delay(.milliseconds(20))
    try line.proxied.enqueue([MQTTMessage("up", "last words", qos: 0)])
    try await line.proxied.disconnect()
    #expect(try await line.direct.messages.first().text == "last words")
    _ = try await line.proxy.events.first { $0 == .disconnected(1) }
  }

  @Test("slows down to a rate")
  func throttles() async throws {
    let line = try await Line()
    try await line.proxy.throttle(bytesPerSecond: 50_000)
    let start = ContinuousClock.now
    try await line.proxied.publish(MQTTMessage("up", [UInt8](repeating: 65, count: 10_000)))
    #expect(start.duration(to: .now) > .milliseconds(150))
  }
}
