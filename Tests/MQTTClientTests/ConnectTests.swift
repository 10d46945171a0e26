import MQTT
import MQTTClient
import TestSupport
import Testing

@Suite("Connecting", .timeLimit(.minutes(3)))
struct ConnectTests {
  @Test("tells a wrong password from a client that may not connect")
  func credentials() async throws {
    let server = try await MosquittoServer.start(options { $0.users = [TestUser("bridge", password: "right")] })
    let wrong = try Rig(server) {
      $0.username = "bridge"
      $0.password = "wrong"
    }
    let reason = try await wrong.out.disconnected()
    #expect(reason == .notAuthorized || reason == .badCredentials)
    await wrong.service.stop()
    let right = try Rig(server) {
      $0.username = "bridge"
      $0.password = "right"
    }
    _ = try await right.out.connected()
    await right.service.stop()
    let old = try Rig(server) { $0.version = .v311 }
    #expect(try await old.out.disconnected() == .notAuthorized)
    await old.service.stop()
  }

  @Test("says why a broker is out of reach")
  func unreachable() async throws {
    let port = Loopback.freePort()
    let rig = try Rig(port: port)
    guard case .unreachable(let text) = try await rig.out.disconnected() else { throw TestFailure("another reason") }
    #expect(text == "Connection refused")
    await rig.service.stop()

    let nameless = try Rig(
      MQTTConfiguration(endpoint: .tcp(host: "broker.invalid", port: 1883), outboundClientID: "test-out"))
    guard case .unreachable(let other) = try await nameless.out.disconnected() else {
      throw TestFailure("another reason")
    }
    #expect(other.hasPrefix("broker.invalid: "))
    await nameless.service.stop()
  }

  @Test("asks first whether a host that is not this one answers")
  func probes() async throws {
    let server = try await MosquittoServer.start()
    // Another name for the loopback interface, which does not look like one.
    let endpoint = MQTTConfiguration.Endpoint.tcp(host: "0.0.0.0", port: UInt16(server.port))
    let rig = try Rig(MQTTConfiguration(endpoint: endpoint, outboundClientID: "test-out"))
    _ = try await rig.out.connected()
    let mark = rig.out.events.count
    try await server.stop()
    _ = try await rig.out.events.first(where: {
      $0 == .disconnected(.unreachable("0.0.0.0 port \(server.port): Connection refused"))
    })
    try await server.start()
    _ = try await rig.out.connected(from: mark)
    await rig.service.stop()
  }

  @Test("notices a broker that has fallen silent")
  func keepalive() async throws {
    let server = try await MosquittoServer.start()
    let proxy = try await TCPProxy.start(to: server.port)
    let rig = try Rig(port: proxy.port) { $0.keepalive = .seconds(5) }
    #expect(try await rig.out.connected().keepalive == .seconds(5))
    try await proxy.stall()
    #expect(try await rig.out.disconnected() == .keepaliveExpired)
    await rig.service.stop(within: .zero)
  }

  @Test("connects over a Unix socket")
  func unixSocket() async throws {
    let server = try await MosquittoServer.start(options { $0.unixSocket = true })
    let path = try #require(server.unixSocket)
    let rig = try Rig(MQTTConfiguration(endpoint: .unix(path: path), outboundClientID: "test-out"))
    let (recorder, id) = try rig.add(["t"])
    recorder.releaseEverything(rig.service, id)
    _ = try await recorder.subscribed()
    try await rig.publish("t", numbers(1...100))
    #expect(try await recorder.received(100).map(\.text) == numbers(1...100))
    await rig.service.stop()
  }

  @Test("falls back to 3.1.1 when the broker says that it does not know 5", arguments: FakeBroker.Refusal.allCases)
  func fallback(_ refusal: FakeBroker.Refusal) async throws {
    let broker = try FakeBroker(.refuses(refusal))
    defer { broker.stop() }
    let rig = try Rig(port: broker.port)
    #expect(try await rig.out.connected().version == .v311)
    await rig.service.stop(within: .zero)
  }

  @Test("stays with 5 where 3.1.1 gets no answer either")
  func noFallback() async throws {
    let broker = try FakeBroker(.hangsUp)
    defer { broker.stop() }
    let rig = try Rig(port: broker.port)
    let versions = try await broker.connects.first(5, "attempts")
    #expect(versions == [5, 5, 5, 4, 5])
    #expect(rig.out.events.all.allSatisfy { $0 == .disconnected(.closedByPeer) })
    await rig.service.stop(within: .zero)
  }

  @Test("says what the broker said when it closed the connection")
  func dismissed() async throws {
    let broker = try FakeBroker(.dismisses(0x8E))
    defer { broker.stop() }
    let rig = try Rig(port: broker.port)
    #expect(try await rig.out.disconnected() == .closedByBroker(.sessionTakenOver))
    await rig.service.stop(within: .zero)
  }

  @Test("many connections come back when the broker does")
  func manyConnections() async throws {
    let server = try await MosquittoServer.start()
    let rig = try Rig(server)
    var recorders: [InboundRecorder] = []
    for number in 1...20 {
      let recorder = InboundRecorder()
      recorders.append(recorder)
      let id = rig.service.addInbound(
        MQTTInbound(
          clientID: "test-in-\(number)", subscriptions: [MQTTSubscription(try TopicFilter("t/\(number)"))]),
        handler: recorder)
      recorder.releaseEverything(rig.service, id)
    }
    for recorder in recorders { _ = try await recorder.subscribed() }
    let mark = rig.out.events.count
    let marks = recorders.map(\.events.count)
    try await server.restart()
    _ = try await rig.out.connected(from: mark)
    for (recorder, mark) in zip(recorders, marks) { _ = try await recorder.connected(from: mark) }
    for number in 1...20 { rig.enqueue("t/\(number)", ["\(number)"], tokensFrom: UInt64(number)) }
    for (index, recorder) in recorders.enumerated() {
      #expect(try await recorder.received(1).map(\.text) == ["\(index + 1)"])
    }
    #expect(await rig.service.stop())
  }
}
