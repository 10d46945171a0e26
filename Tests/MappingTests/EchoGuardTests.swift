import MQTT
import Mapping
import TestSupport
import Testing

@Suite struct EchoGuardTests {
  func publish(_ topic: String, _ payload: String, marks: [UserProperty] = []) -> InboundPublish {
    InboundPublish(
      index: 1, packetID: 1, topic: topic, payload: Array(payload.utf8), qos: .atLeastOnce,
      properties: PublishProperties(userProperties: marks))
  }

  @Test("under MQTT 5 the mark with our name decides, and only that")
  func marks() {
    var echoes = EchoGuard(name: "bridge")
    let own = [UserProperty(name: "a", value: "b"), UserProperty(name: "xmpp-bridge", value: "bridge")]
    let foreign = [UserProperty(name: "xmpp-bridge", value: "other")]
    echoes.published(topic: "t", payload: Array("x".utf8))
    let answers = [own, own, foreign, []].map { marks in
      echoes.isEcho(publish("t", "x", marks: marks), version5: true)
    }
    #expect(answers == [true, true, false, false])
  }

  @Test("under 3.1.1 each publish is taken back once")
  func counted() {
    var echoes = EchoGuard(name: "bridge")
    for payload in ["x", "x", "y"] { echoes.published(topic: "t", payload: Array(payload.utf8)) }
    let answers = [("u", "x"), ("tx", ""), ("t", "x"), ("t", "y"), ("t", "x"), ("t", "x")].map { topic, payload in
      echoes.isEcho(publish(topic, payload), version5: false)
    }
    #expect(answers == [false, false, true, true, true, false])
    #expect(echoes.count == 0)
  }

  @Test("it behaves as a list of the last publishes that have not come back", arguments: 0..<4)
  func model(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let capacity = 8
    var echoes = EchoGuard(name: "bridge", capacity: capacity)
    // Every publish ever made; nil once it came back.
    var made: [String?] = []
    for _ in 0..<5000 {
      let payload = String(Int.random(in: 0..<6, using: &generator))
      if Bool.random(using: &generator) {
        echoes.published(topic: "t", payload: Array(payload.utf8))
        made.append(payload)
      } else {
        let start = max(0, made.count - capacity)
        let oldest = made[start...].firstIndex(of: payload)
        let isEcho = echoes.isEcho(publish("t", payload), version5: false)
        try #require(isEcho == (oldest != nil))
        if let oldest { made[oldest] = nil }
      }
      try #require(echoes.count == made.suffix(capacity).count { $0 != nil })
    }
  }
}
