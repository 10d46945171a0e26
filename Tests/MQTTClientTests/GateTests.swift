import MQTT
import MQTTClient
import TestSupport
import Testing

/// The promise that libmosquitto does not document: nothing is acknowledged before it is released.
@Suite("Gated in connection", .timeLimit(.minutes(3)))
struct GateTests {
  @Test("what was read and not released comes again, in order and recognisable; what was released does not")
  func redelivers() async throws {
    let server = try await MosquittoServer.start()
    let rig = try Rig(server)
    let (recorder, id) = try rig.add(["t/#"])
    #expect(try await recorder.subscribed() == ["t/#"])
    var filter = RedeliveryFilter()
    filter.connected(sessionPresent: false)
    try await rig.publish("t/a", numbers(1...10))
    let first = try await recorder.received(10)
    #expect(first.map(\.text) == numbers(1...10))
    #expect(first.map(\.index) == Array(1...10))
    for message in first {
      guard case .new = filter.check(message) else { throw TestFailure("\(message) is taken for a repetition") }
    }
    // All or nothing: nine safe messages do not let one acknowledgement out.
    rig.service.release(id, upTo: 9)
    var mark = recorder.events.count
    rig.service.suspend(id)
    #expect(try await recorder.disconnected(from: mark) == .suspended)
    rig.service.resume(id)
    let connection = try await recorder.connected(from: mark)
    #expect(connection.sessionPresent)
    #expect(connection.nextIndex == 11)
    let again = try await recorder.received(10, from: mark)
    #expect(again.map(\.text) == numbers(1...10))
    #expect(again.map(\.packetID) == first.map(\.packetID))
    filter.connected(sessionPresent: true)
    for message in again { #expect(filter.check(message) == .redelivered) }

    rig.service.release(id, upTo: 20)
    // The PUBACKs are out before anything more is read.
    try await rig.publish("t/a", ["marker"])
    #expect(try await recorder.received(11, from: mark).last?.text == "marker")
    rig.service.release(id, upTo: 21)
    mark = recorder.events.count
    rig.service.suspend(id)
    rig.service.resume(id)
    _ = try await recorder.connected(from: mark)
    try await rig.publish("t/a", ["last"])
    // The marker's PUBACK may have been on its way when the connection went; those of the ten had arrived before it.
    let after = try await recorder.events.first("the last", from: mark) { $0.message?.text == "last" }
    #expect(after.message?.text == "last")
    #expect(
      recorder.events.all.dropFirst(mark).compactMap(\.message).allSatisfy { ["marker", "last"].contains($0.text) })
    await rig.service.stop()
  }

  @Test("a process that dies without a word leaves what it had not released to the next")
  func nextProcess() async throws {
    let server = try await MosquittoServer.start()
    do {
      let rig = try Rig(server)
      let (recorder, _) = try rig.add(["t"])
      _ = try await recorder.subscribed()
      try await rig.publish("t", numbers(1...5))
      _ = try await recorder.received(5)
    }
    // The service went away with its last reference: the sockets were closed and nothing was written.
    let rig = try Rig(server)
    let (recorder, id) = try rig.add(["t"], onRecord: ["t"])
    recorder.releaseEverything(rig.service, id)
    #expect(try await recorder.connected().sessionPresent)
    #expect(try await recorder.received(5).map(\.text) == numbers(1...5))
    await rig.service.stop()
  }

  @Test("reads no more than it may hold, and on when that is released")
  func holds() async throws {
    let server = try await MosquittoServer.start()
    let rig = try Rig(server)
    let (recorder, id) = try rig.add(["t"], hold: 4)
    _ = try await recorder.subscribed()
    try await rig.publish("t", numbers(1...12))
    _ = try await recorder.received(4)
    // Whatever the broker has sent meanwhile: a round of the out connection later there are still four.
    try await rig.publish("other", ["x"])
    #expect(recorder.messages.count == 4)
    rig.service.release(id, upTo: 4)
    _ = try await recorder.received(8)
    try await rig.publish("other", ["x"])
    #expect(recorder.messages.count == 8)
    recorder.releaseEverything(rig.service, id)
    #expect(try await recorder.received(12).map(\.text) == numbers(1...12))
    await rig.service.stop()
  }

  @Test("pauses until everything it has read is released")
  func pauses() async throws {
    let server = try await MosquittoServer.start()
    let rig = try Rig(server)
    let (recorder, id) = try rig.add(["t"])
    _ = try await recorder.subscribed()
    try await rig.publish("t", ["1"])
    _ = try await recorder.received(1)
    rig.service.pause(id)
    try await rig.publish("t", ["2"])
    try await rig.publish("other", ["x"])
    #expect(recorder.messages.count == 1)
    rig.service.release(id, upTo: 1)
    #expect(try await recorder.received(2).map(\.text) == ["1", "2"])
    await rig.service.stop()
  }

  @Test("a trickle whose last message is always too new to be safe does not starve the gate")
  func trickle() async throws {
    var options = MosquittoServer.Options()
    options.maxInflight = 0
    options.logTypes.append("notice")
    let server = try await MosquittoServer.start(options)
    let rig = try Rig(server) {
      $0.keepalive = .seconds(10)
      $0.receiveMaximum = .max
    }
    let (recorder, id) = try rig.add(["t"], hold: 1_000_000)
    _ = try await recorder.subscribed()
    try await rig.publish("t", ["1"])
    _ = try await recorder.received(1)
    // Each message is safe only after the next one has come: so some are always read and unsafe, until one stays unread.
    var read = 1
    while read == recorder.messages.count, read < 60_000 {
      try await rig.publish("t", ["\(read + 1)"])
      // A message that is read comes within a round or two to the broker and back, on a busy machine within many more.
      var rounds = 0
      while recorder.messages.count == read, rounds < 3_000 {
        try await rig.publish("other", ["a round"])
        rounds += 1
      }
      guard recorder.messages.count > read else { break }
      read += 1
      rig.service.release(id, upTo: UInt64(read - 1))
    }
    try #require(read < 60_000 && recorder.messages.count == read)
    // What was read becomes safe, its PUBACKs leave, and reading goes on.
    rig.service.release(id, upTo: UInt64(read))
    #expect(try await recorder.received(read + 1).last?.text == "\(read + 1)")
    rig.service.release(id, upTo: UInt64(read + 1))
    await rig.service.stop()
    // A broker that is still reading PUBACKs when the session's next connection comes drops the rest of them.
    _ = try await server.log?.first("the end of the connection") { $0.contains("Client test-in disconnected") }
    let second = try Rig(server)
    let (again, _) = try second.add(["t"])
    _ = try await again.connected()
    try await second.publish("t", ["marker"])
    #expect(try await again.received(1).map(\.text) == ["marker"])
    await second.service.stop()
  }

  @Test("a stop acknowledges what is released and leaves the rest to the broker")
  func stops() async throws {
    let server = try await MosquittoServer.start()
    let first = try Rig(server)
    let (reader, id) = try first.add(["t"])
    _ = try await reader.subscribed()
    try await first.publish("t", numbers(1...3))
    _ = try await reader.received(3)
    first.service.release(id, upTo: 3)
    await first.service.stop()
    #expect(try await reader.disconnected() == .left)

    let second = try Rig(server)
    let (again, _) = try second.add(["t"])
    #expect(try await again.connected().sessionPresent)
    try await second.publish("t", numbers(4...5))
    #expect(try await again.received(2).map(\.text) == numbers(4...5))
    // Not released: a stop must not acknowledge them.
    await second.service.stop()

    let third = try Rig(server)
    let (last, _) = try third.add(["t"])
    #expect(try await last.received(2).map(\.text) == numbers(4...5))
    await third.service.stop()
  }

  @Test("5,000 messages through many cuts: each is new exactly once")
  func cuts() async throws {
    let server = try await MosquittoServer.start()
    let proxy = try await TCPProxy.start(to: server.port)
    let publisher = try Rig(server) { $0.outboundClientID = "publisher" }
    let reader = try Rig(port: proxy.port)
    let (recorder, id) = try reader.add(["t"])
    recorder.releaseEverything(reader.service, id)
    _ = try await recorder.subscribed()
    let count = 5_000
    publisher.enqueue("t", numbers(1...count))
    for step in 1...12 {
      _ = try await recorder.received(step * 400)
      if step % 4 == 0 {
        _ = try await proxy.reset()
      } else {
        reader.service.suspend(id)
        reader.service.resume(id)
      }
    }
    _ = try await recorder.events.first("the last message") { $0.message?.text == "\(count)" }
    var filter = RedeliveryFilter()
    var new: [String] = []
    for event in recorder.events.all {
      switch event {
      case .connected(let connection): filter.connected(sessionPresent: connection.sessionPresent)
      case .received(let message): if case .new = filter.check(message) { new.append(message.text) }
      default: break
      }
    }
    #expect(new == numbers(1...count))
    #expect(try await publisher.out.results.first(count, "answers").allSatisfy { $0.refusal == nil })
    await publisher.service.stop()
    await reader.service.stop()
  }
}
