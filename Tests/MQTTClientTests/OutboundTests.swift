import MQTT
import MQTTClient
import TestSupport
import Testing

@Suite("Out connection", .timeLimit(.minutes(3)))
struct OutboundTests {
  private static let will = MQTTConfiguration.Will(topic: "b/state", payload: Array("offline".utf8))

  private func online(_ rig: Rig) async throws {
    rig.service.setRetained(
      [RetainedState(topic: "b/state", payload: Array("online".utf8), token: 7)], from: rig.out)
    _ = try await rig.out.results.first { $0.token == 7 }
  }

  @Test("publishes 5,000 messages in order, each answered once")
  func order() async throws {
    let server = try await MosquittoServer.start()
    let rig = try Rig(server)
    let watcher = try await MQTTTestClient.connect(port: server.port)
    try await watcher.subscribe("t", qos: 1)
    let answers = try await rig.publish("t", numbers(1...5_000))
    #expect(answers.map(\.token) == Array(1...5_000))
    #expect(answers.allSatisfy { $0.outcome == .accepted(.success) })
    #expect(try await watcher.messages.first(5_000, "messages").map(\.text) == numbers(1...5_000))
    #expect(rig.service.counters.published == 5_000)
    await rig.service.stop()
  }

  @Test("publishes at QoS 0 and 2 too")
  func otherQoS() async throws {
    let server = try await MosquittoServer.start()
    let rig = try Rig(server)
    _ = try await rig.out.connected()
    let watcher = try await MQTTTestClient.connect(port: server.port)
    try await watcher.subscribe("t", qos: 2)
    let publishes = (0...2 as ClosedRange<UInt8>).compactMap { level in
      QoS(rawValue: level).map { OutboundPublish(token: UInt64(level), topic: "t", payload: [level], qos: $0) }
    }
    rig.service.publish(publishes, from: rig.out)
    let answers = try await rig.out.results.first(3, "answers")
    #expect(Set(answers.map(\.token)) == [0, 1, 2])
    #expect(answers.allSatisfy { $0.refusal == nil })
    #expect(try await watcher.messages.first(3, "messages").map(\.qos).sorted() == [0, 1, 2])
    await rig.service.stop()
  }

  @Test("loses nothing of what waits while the broker is away, and answers QoS 0 as dropped")
  func brokerAway() async throws {
    let server = try await MosquittoServer.start()
    try await server.stop()
    let rig = try Rig(server)
    rig.enqueue("t", numbers(1...300))
    rig.service.publish([OutboundPublish(token: 999, topic: "t", payload: [], qos: .atMostOnce)], from: rig.out)
    #expect(try await rig.out.results.first { $0.token == 999 }.outcome == .dropped)
    guard case .unreachable = try await rig.out.disconnected() else { throw TestFailure("another reason") }
    try await server.start()
    let answers = try await rig.out.results.first(300, "answers") { $0.token != 999 }
    #expect(answers.map(\.token) == Array(1...300))
    #expect(rig.service.counters.dropped == 1)
    await rig.service.stop()
  }

  @Test("sends again, in order, what was in flight when the connection was cut")
  func cuts() async throws {
    let server = try await MosquittoServer.start()
    let proxy = try await TCPProxy.start(to: server.port)
    let rig = try Rig(port: proxy.port)
    let watcher = try await MQTTTestClient.connect(port: server.port)
    try await watcher.subscribe("t", qos: 1)
    rig.enqueue("t", numbers(1...3_000))
    for step in 1...3 {
      _ = try await rig.out.results.first(step * 600, "answers")
      _ = try await proxy.reset()
    }
    #expect(try await rig.out.results.first(3_000, "answers").map(\.token) == Array(1...3_000))
    _ = try await watcher.messages.first("the last") { $0.text == "3000" }
    let texts = watcher.messages.all.map(\.text)
    // Repetitions are allowed, gaps and reordering of first arrivals are not.
    var seen = Set<String>()
    #expect(texts.filter { seen.insert($0).inserted } == numbers(1...3_000))
    await rig.service.stop()
  }

  @Test("waits for a broker that is stalled")
  func stall() async throws {
    let server = try await MosquittoServer.start()
    let rig = try Rig(server)
    _ = try await rig.out.connected()
    server.pause()
    // More than the socket takes, so that writing has to wait.
    let payload = String(repeating: "x", count: 100_000)
    rig.enqueue("t", Array(repeating: payload, count: 150))
    // The MQTT thread does not hang in a write: it still takes orders.
    rig.service.publish([OutboundPublish(token: 1_000, topic: "#", payload: [])], from: rig.out)
    _ = try await rig.out.results.first { $0.token == 1_000 }
    server.resume()
    let answers = try await rig.out.results.first(150, "answers") { $0.token != 1_000 }
    #expect(answers.map(\.token) == Array(1...150))
    await rig.service.stop()
  }

  @Test("hears of the few publishes that the broker has acknowledged, though many are in flight")
  func fewAnswers() async throws {
    let broker = try FakeBroker(.acknowledges(3, behind: 500))
    let rig = try Rig(port: broker.port)
    _ = try await rig.out.connected()
    rig.enqueue("t", numbers(100...199))
    #expect(try await rig.out.results.first(3, "answers").map(\.token) == [1, 2, 3])
    broker.stop()
    await rig.service.stop(within: .zero)
  }

  @Test("refuses a topic that is none without troubling the broker")
  func invalidTopic() async throws {
    let server = try await MosquittoServer.start()
    let rig = try Rig(server)
    let answers = try await rig.publish("a/\u{85}", ["x"])
    #expect(answers.map(\.refusal) == ["the topic holds the character U+0085, which MQTT brokers refuse"])
    #expect(try await rig.publish("t", ["fine"]).map(\.refusal) == [nil])
    await rig.service.stop()
  }

  @Test("does not send what is larger than the broker takes")
  func oversize() async throws {
    let server = try await MosquittoServer.start(options { $0.extra = ["max_packet_size 2000"] })
    let rig = try Rig(server)
    #expect(try await rig.out.connected().maximumPacketSize == 2_000)
    let answers = try await rig.publish("t", [String(repeating: "x", count: 3_000), "small"])
    #expect(answers.compactMap(\.refusal) == ["the message is larger than the broker takes"])
    await rig.service.stop()
  }

  @Test("gives up the one message that makes the broker hang up, and no other")
  func poison() async throws {
    // Under 3.1.1 a broker cannot say how much it takes: it closes the connection.
    let server = try await MosquittoServer.start(options { $0.extra = ["max_packet_size 2000"] })
    let rig = try Rig(server) { $0.version = .v311 }
    let answers = try await rig.publish("t", ["before", String(repeating: "x", count: 3_000), "behind"])
    #expect(answers.first { $0.token == 2 }?.outcome == .poison)
    #expect(answers.filter { $0.outcome == .accepted(.success) }.map(\.token) == [1, 3])
    await rig.service.stop()
  }

  @Test("publishes retained states again after the broker has lost them, the newest value only")
  func retainedAgain() async throws {
    let server = try await MosquittoServer.start(options { $0.persistence = false })
    let rig = try Rig(server) { $0.will = Self.will }
    try await online(rig)
    rig.service.setRetained((1...50).map { RetainedState(topic: "s", payload: [UInt8($0)]) })
    rig.service.setRetained([RetainedState(topic: "gone", payload: [1])])
    rig.service.setRetained([RetainedState(topic: "gone", payload: [], token: 8)], from: rig.out)
    _ = try await rig.out.results.first { $0.token == 8 }
    let mark = rig.out.events.count
    try await server.restart()
    _ = try await rig.out.connected(from: mark)
    try await rig.publish("t", ["behind the states"])
    let watcher = try await MQTTTestClient.connect(port: server.port)
    try await watcher.subscribe("#", qos: 1)
    let states = try await watcher.messages.first(2, "retained states")
    #expect(Set(states.map(\.topic)) == ["b/state", "s"])
    #expect(states.first { $0.topic == "s" }?.payload == [50])
    #expect(states.allSatisfy { $0.retain })
    try await rig.publish("t", ["end"])
    _ = try await watcher.messages.first { $0.text == "end" }
    #expect(watcher.messages.count == 3)
    await rig.service.stop()
  }

  @Test("says goodbye: the last state is retained and confirmed")
  func farewell() async throws {
    let server = try await MosquittoServer.start()
    let rig = try Rig(server) { $0.will = Self.will }
    try await online(rig)
    let watcher = try await MQTTTestClient.connect(port: server.port)
    try await watcher.subscribe("#", qos: 1)
    _ = try await watcher.messages.first { $0.text == "online" }
    rig.enqueue("t", numbers(1...200))
    #expect(await rig.service.stop())
    #expect(try await rig.out.disconnected() == .left)
    // What waited went first, and the farewell came once: the broker did not publish the will.
    #expect(try await watcher.messages.first(202, "messages").last?.text == "offline")
    let late = try await MQTTTestClient.connect(port: server.port)
    try await late.subscribe("b/state", qos: 1)
    #expect(try await late.messages.first().text == "offline")
    #expect(watcher.messages.all.filter { $0.text == "offline" }.count == 1)
  }

  @Test("leaves its will to the broker when it goes without a word", arguments: [MQTTVersion.v5, .v311])
  func will(_ version: MQTTVersion) async throws {
    let server = try await MosquittoServer.start()
    let watcher = try await MQTTTestClient.connect(port: server.port)
    try await watcher.subscribe("b/state", qos: 1)
    do {
      let rig = try Rig(server) {
        $0.will = Self.will
        $0.will?.properties = PublishProperties(contentType: "text/plain", payloadFormatUTF8: true)
        $0.version = version
      }
      try await online(rig)
    }
    let message = try await watcher.messages.first { $0.text == "offline" }
    #expect(message.properties.contentType == (version == .v5 ? "text/plain" : nil))
  }

  @Test("gives up a stop when its time is over, and then the broker has the will")
  func hurriedStop() async throws {
    let server = try await MosquittoServer.start()
    let proxy = try await TCPProxy.start(to: server.port)
    let rig = try Rig(port: proxy.port) { $0.will = Self.will }
    try await online(rig)
    let watcher = try await MQTTTestClient.connect(port: server.port)
    try await watcher.subscribe("b/state", qos: 1)
    try await proxy.stall()
    #expect(await rig.service.stop(within: .milliseconds(200)) == false)
    _ = try await proxy.reset()
    #expect(try await watcher.messages.first { $0.text == "offline" }.retain == false)
  }
}
