import MQTT
import MQTTClient
import TestSupport
import Testing

@Suite("In connection", .timeLimit(.minutes(3)))
struct InboundTests {
  @Test("delivers topic, payload and properties, and one copy for each subscription with its identifier")
  func delivers() async throws {
    let server = try await MosquittoServer.start()
    let rig = try Rig(server)
    let (recorder, id) = try rig.add(["a/+", "a/b"])
    recorder.releaseEverything(rig.service, id)
    #expect(try await recorder.subscribed() == ["a/+", "a/b"])
    #expect(try await recorder.connected().deliversIdentifiers)
    let sent = OutboundPublish(
      token: 1, topic: "a/b", payload: [0, 255, 10],
      properties: PublishProperties(
        contentType: "application/json", payloadFormatUTF8: false, messageExpiry: 100, responseTopic: "r/ü",
        correlationData: [1, 0, 2], userProperties: [.init(name: "k", value: "1"), .init(name: "k", value: "2")]))
    rig.service.publish([sent], from: rig.out)
    let copies = try await recorder.received(2)
    let identifiers = try ["a/+", "a/b"].map { try TopicFilter($0).subscriptionIdentifier }
    #expect(Set(copies.flatMap(\.properties.subscriptionIdentifiers)) == Set(identifiers))
    for copy in copies {
      #expect(copy.topic == "a/b")
      #expect(copy.payload == [0, 255, 10])
      #expect(copy.qos == .atLeastOnce)
      #expect(!copy.retain)
      var properties = copy.properties
      properties.subscriptionIdentifiers = []
      #expect(properties == sent.properties)
    }
    await rig.service.stop()
  }

  @Test("flags what the broker had retained, and does not get it again on a reconnect")
  func retained() async throws {
    let server = try await MosquittoServer.start()
    let rig = try Rig(server)
    rig.service.setRetained([RetainedState(topic: "s/a", payload: [1], token: 1)], from: rig.out)
    _ = try await rig.out.results.first()
    let (recorder, id) = try rig.add(["s/#"], hold: 1)
    recorder.releaseEverything(rig.service, id)
    #expect(try await recorder.received(1).first?.retain == true)
    // With one to hold, the next one read proves that this one is acknowledged.
    try await rig.publish("s/marker", ["x"])
    _ = try await recorder.received(2)
    let mark = recorder.events.count
    rig.service.suspend(id)
    rig.service.resume(id)
    _ = try await recorder.connected(from: mark)
    rig.service.publish([OutboundPublish(token: 2, topic: "s/a", payload: [2], retain: true)], from: rig.out)
    // Published now, though it is to be retained as well: not an old value.
    _ = try await recorder.events.first("the live value", from: mark) { $0.message?.payload == [2] }
    let live = recorder.events.all.dropFirst(mark).compactMap(\.message).filter { $0.topic == "s/a" }
    #expect(live.map(\.payload) == [[2]])
    #expect(live.map(\.retain) == [false])
    await rig.service.stop()
  }

  @Test("changes its subscriptions while connected, and unsubscribes what an earlier process had")
  func changes() async throws {
    let server = try await MosquittoServer.start()
    do {
      let rig = try Rig(server)
      let (recorder, _) = try rig.add(["old", "both"])
      _ = try await recorder.subscribed()
      await rig.service.stop()
    }
    let rig = try Rig(server)
    let (recorder, id) = try rig.add(["both", "new"], onRecord: ["old", "both"])
    recorder.releaseEverything(rig.service, id)
    #expect(try await recorder.connected().sessionPresent)
    #expect(try await recorder.subscribed() == ["both", "new"])
    try await rig.publish("old", ["x"])
    try await rig.publish("new", ["1"])
    #expect(try await recorder.received(1).map(\.topic) == ["new"])
    let mark = recorder.events.count
    rig.service.changeSubscriptions(id, to: [MQTTSubscription(try TopicFilter("third/#"))])
    #expect(try await recorder.subscribed(from: mark) == ["third/#"])
    try await rig.publish("new", ["x"])
    try await rig.publish("third/1", ["2"])
    #expect(try await recorder.received(1, from: mark).map(\.topic) == ["third/1"])
    await rig.service.stop()
  }

  @Test("a removed connection can take its session with it", arguments: [MQTTVersion.v5, .v311])
  func removes(_ version: MQTTVersion) async throws {
    let server = try await MosquittoServer.start()
    let rig = try Rig(server) { $0.version = version }
    let (first, id) = try rig.add(["t"])
    _ = try await first.subscribed()
    rig.service.removeInbound(id, endingSession: false)
    #expect(try await first.disconnected() == .left)
    let (second, secondID) = try rig.add(["t"])
    #expect(try await second.connected().sessionPresent)
    _ = try await second.subscribed()
    rig.service.removeInbound(secondID, endingSession: true)
    #expect(try await second.disconnected() == .left)
    try await rig.publish("t", ["lost"])
    let (third, thirdID) = try rig.add(["t"])
    third.releaseEverything(rig.service, thirdID)
    // 3.1.1 cannot end a session by itself: it lives on, with nothing subscribed.
    #expect(try await third.connected().sessionPresent == (version == .v311))
    _ = try await third.subscribed()
    try await rig.publish("t", ["kept"])
    #expect(try await third.received(1).map(\.text) == ["kept"])
    await rig.service.stop()
  }

  @Test("speaks 3.1.1 where told to, with one subscription for filters that overlap")
  func version311() async throws {
    let server = try await MosquittoServer.start(options { $0.extra = ["allow_duplicate_messages true"] })
    let rig = try Rig(server) { $0.version = .v311 }
    let (recorder, id) = try rig.add(["a/+", "a/b", "c"])
    recorder.releaseEverything(rig.service, id)
    #expect(try await recorder.connected().version == .v311)
    #expect(try await recorder.connected().deliversIdentifiers == false)
    #expect(try await recorder.subscribed() == ["a/+", "c"])
    try await rig.publish("a/b", ["1"])
    try await rig.publish("c", ["2"])
    #expect(try await recorder.received(2).map(\.text) == ["1", "2"])
    #expect(try await recorder.received(2).allSatisfy { $0.properties == PublishProperties() })
    await rig.service.stop()
  }

  @Test("tells which subscription the broker refuses")
  func refusedSubscription() async throws {
    let directory = try TemporaryDirectory("acl")
    let acl = try directory.write("topic readwrite allowed/#\n", to: "acl")
    let server = try await MosquittoServer.start(options { $0.extra = ["acl_file \(acl)"] })
    let rig = try Rig(server)
    let (recorder, id) = try rig.add(["allowed/a", "denied/a"])
    recorder.releaseEverything(rig.service, id)
    // Mosquitto 2.0 grants what the ACL denies and delivers nothing; a denied publish is refused.
    let answers = try await rig.publish("denied/a", ["x"])
    #expect(answers.map(\.outcome) == [.refused(.notAuthorized)])
    _ = try await recorder.subscribed()
    try await rig.publish("allowed/a", ["1"])
    #expect(try await recorder.received(1).map(\.topic) == ["allowed/a"])
    await rig.service.stop()
  }

  @Test("goes on with its session after the broker was restarted")
  func brokerRestart() async throws {
    let server = try await MosquittoServer.start()
    let rig = try Rig(server)
    let (recorder, id) = try rig.add(["t"])
    _ = try await recorder.subscribed()
    try await rig.publish("t", ["held"])
    _ = try await recorder.received(1)
    let mark = recorder.events.count
    try await server.restart()
    #expect(try await recorder.connected(from: mark).sessionPresent)
    recorder.releaseEverything(rig.service, id)
    #expect(try await recorder.received(1, from: mark).map(\.text) == ["held"])
    rig.enqueue("t", ["next"])
    #expect(try await recorder.received(2, from: mark).map(\.text) == ["held", "next"])
    await rig.service.stop()
  }

  @Test("subscribes again at a broker that has forgotten the session")
  func forgotten() async throws {
    let server = try await MosquittoServer.start(options { $0.persistence = false })
    let rig = try Rig(server)
    let (recorder, id) = try rig.add(["t"])
    recorder.releaseEverything(rig.service, id)
    _ = try await recorder.subscribed()
    let mark = recorder.events.count
    try await server.restart()
    #expect(try await recorder.connected(from: mark).sessionPresent == false)
    #expect(try await recorder.subscribed(from: mark) == ["t"])
    rig.enqueue("t", ["1"])
    #expect(try await recorder.received(1).map(\.text) == ["1"])
    await rig.service.stop()
  }

  @Test("subscribes again if the word that the session was forgotten got lost")
  func forgottenUnheard() async throws {
    let server = try await MosquittoServer.start(options { $0.persistence = false })
    let proxy = try await TCPProxy.start(to: server.port)
    let rig = try Rig(port: proxy.port)
    let (recorder, id) = try rig.add(["t"])
    recorder.releaseEverything(rig.service, id)
    _ = try await recorder.subscribed()
    rig.service.suspend(id)
    #expect(try await recorder.disconnected() == .suspended)
    let outMark = rig.out.events.count
    try await server.restart()
    _ = try await rig.out.connected(from: outMark)
    let mark = recorder.events.count
    try await proxy.cut(after: 1, .toClient)
    rig.service.resume(id)
    _ = try await recorder.disconnected(from: mark)
    #expect(try await recorder.connected(from: mark).sessionPresent)
    #expect(try await recorder.subscribed(from: mark) == ["t"])
    rig.enqueue("t", ["1"])
    #expect(try await recorder.received(1).map(\.text) == ["1"])
    await rig.service.stop()
  }
}

func options(_ change: (inout MosquittoServer.Options) -> Void) -> MosquittoServer.Options {
  var options = MosquittoServer.Options()
  change(&options)
  return options
}
