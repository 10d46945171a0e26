import MQTT
import TestSupport
import Testing

@Suite("PublishWindow")
struct PublishWindowTests {
  private static func publish(_ token: UInt64, qos: QoS = .atLeastOnce, topic: String = "t") -> OutboundPublish {
    OutboundPublish(token: token, topic: topic, payload: [1], qos: qos)
  }

  /// Sends all that may be sent; packet identifiers count up.
  private struct Wire {
    var window: PublishWindow
    var sent: [(id: UInt16, publish: OutboundPublish)] = []
    private var lastID: UInt16 = 0

    init(_ window: PublishWindow) { self.window = window }

    mutating func send(now: Duration = .zero) {
      while let outgoing = window.next(now: now) {
        lastID += 1
        if outgoing.publish.qos == .atMostOnce {
          window.handedOver(outgoing)
        } else {
          window.sent(outgoing, packetID: lastID)
          sent.append((lastID, outgoing.publish))
        }
      }
    }

    mutating func confirm(_ count: Int = 1, _ code: ReasonCode = .success, now: Duration = .zero) {
      for (id, _) in sent.prefix(count) { window.confirmed(packetID: id, code, now: now) }
      sent.removeFirst(count)
    }

    mutating func cut(blamesPacket: Bool = false) {
      sent.removeAll()
      window.connectionLost(blamesPacket: blamesPacket)
    }

    mutating func answers() -> [PublishResult] { window.takeAnswers().map(\.result) }
  }

  private func connected(limit: Int = 100, _ limits: PublishWindow.Limits = .init()) -> Wire {
    var window = PublishWindow(limit: limit)
    window.connected(limits)
    return Wire(window)
  }

  @Test(
    "a lone answer is awaited at once, several by the half, many by the quarter of the window",
    arguments: [(0, 1), (1, 1), (3, 1), (4, 2), (22, 11), (50, 25), (51, 25), (100, 25)])
  func worthwhileAnswers(inFlight: Int, awaited: Int) {
    var wire = connected(limit: 100)
    for token in 0..<inFlight { wire.window.append(Self.publish(UInt64(token)), publisher: 1) }
    wire.send()
    #expect(wire.window.worthwhileAnswers == awaited)
  }

  @Test("keeps at most so many in flight, in order")
  func windowed() {
    var wire = connected(limit: 3)
    for token in 1...5 { wire.window.append(Self.publish(UInt64(token)), publisher: 1) }
    wire.send()
    #expect(wire.sent.map(\.publish.token) == [1, 2, 3])
    wire.confirm(2)
    wire.send()
    #expect(wire.sent.map(\.publish.token) == [3, 4, 5])
    #expect(wire.answers() == [1, 2].map { PublishResult(token: $0, outcome: .accepted(.success)) })
  }

  @Test("keeps to the broker's Receive Maximum")
  func receiveMaximum() {
    var wire = connected(.init(receiveMaximum: 2))
    for token in 1...5 { wire.window.append(Self.publish(UInt64(token)), publisher: 1) }
    wire.send()
    #expect(wire.sent.count == 2)
  }

  @Test("sends what was in flight first on the next connection, in order")
  func resends() {
    var wire = connected(limit: 3)
    for token in 1...5 { wire.window.append(Self.publish(UInt64(token)), publisher: 1) }
    wire.send()
    wire.confirm(1)
    wire.cut()
    wire.send()
    #expect(wire.sent.isEmpty)
    wire.window.connected(.init())
    wire.send()
    #expect(wire.sent.map(\.publish.token) == [2, 3, 4])
    wire.confirm(3)
    wire.send()
    wire.confirm(1)
    #expect(wire.answers().map(\.token) == [1, 2, 3, 4, 5])
    #expect(wire.window.isIdle)
  }

  @Test("drops QoS 0 without a connection and answers for it")
  func qos0() {
    var window = PublishWindow()
    window.append(Self.publish(1, qos: .atMostOnce), publisher: 1)
    #expect(window.takeAnswers().map(\.result) == [PublishResult(token: 1, outcome: .dropped)])
    var wire = connected(limit: 1)
    wire.window.append(Self.publish(2), publisher: 1)
    wire.window.append(Self.publish(3, qos: .atMostOnce), publisher: 1)
    wire.send()
    wire.cut()
    #expect(wire.answers() == [PublishResult(token: 3, outcome: .dropped)])
    #expect(wire.window.droppedCount == 1)
    wire.window.connected(.init())
    wire.window.append(Self.publish(4, qos: .atMostOnce), publisher: 1)
    wire.send()
    wire.confirm()
    wire.send()
    #expect(wire.answers().map(\.token) == [2, 4])
  }

  @Test("refuses a topic that is none, by itself")
  func invalid() {
    var wire = connected()
    wire.window.append(Self.publish(1, topic: "a/+"), publisher: 1)
    wire.window.set(RetainedState(topic: "", payload: [1], token: 2), publisher: 1)
    wire.send()
    #expect(wire.sent.isEmpty)
    #expect(wire.answers().map(\.refusal) == ["the topic holds a wildcard (+ or #)", "the topic is empty"])
  }

  @Test("sends QoS 2 at 1 where that is the most")
  func maximumQoS() {
    var wire = connected(.init(maximumQoS: .atLeastOnce))
    wire.window.append(Self.publish(1, qos: .exactlyOnce), publisher: 1)
    wire.send()
    #expect(wire.sent.map(\.publish.qos) == [.atLeastOnce])
  }

  @Test("takes a refusal for good at its word", arguments: [0x87, 0x90, 0x95, 0x99] as [UInt8])
  func refusedForGood(_ code: UInt8) {
    var wire = connected()
    wire.window.append(Self.publish(1), publisher: 1)
    wire.send()
    wire.confirm(1, ReasonCode(rawValue: code))
    #expect(wire.answers() == [PublishResult(token: 1, outcome: .refused(ReasonCode(rawValue: code)))])
    #expect(wire.window.isIdle)
  }

  @Test("tries again, ever more slowly, what the broker refuses for now, and lets others pass")
  func retries() {
    var wire = connected()
    wire.window.append(Self.publish(1), publisher: 1)
    wire.window.append(Self.publish(2), publisher: 1)
    wire.send()
    wire.confirm(1, .quotaExceeded, now: .seconds(10))
    #expect(wire.window.deadline == .milliseconds(10_500))
    wire.send(now: .milliseconds(10_499))
    #expect(wire.sent.map(\.publish.token) == [2])
    wire.confirm(1)
    wire.send(now: .milliseconds(10_500))
    #expect(wire.sent.map(\.publish.token) == [1])
    wire.confirm(1, .quotaExceeded, now: .seconds(11))
    #expect(wire.window.deadline == .seconds(12))
    wire.send(now: .seconds(12))
    wire.confirm(1, .noMatchingSubscribers)
    #expect(wire.answers().map(\.token) == [2, 1])
  }

  @Test("gives up only the publish that closes the connection when it is alone")
  func poison() {
    var wire = connected()
    for token in 1...3 { wire.window.append(Self.publish(UInt64(token)), publisher: 1) }
    for _ in 0..<PublishWindow.strikesTaken {
      wire.send()
      #expect(wire.sent.map(\.publish.token) == [1, 2, 3])
      wire.cut(blamesPacket: true)
      wire.window.connected(.init())
    }
    wire.send()
    #expect(wire.sent.map(\.publish.token) == [1])
    wire.confirm()
    wire.send()
    #expect(wire.sent.map(\.publish.token) == [2])
    wire.cut(blamesPacket: true)
    wire.window.connected(.init())
    wire.send()
    #expect(wire.sent.map(\.publish.token) == [3])
    wire.window.append(Self.publish(4), publisher: 1)
    wire.send()
    #expect(wire.sent.count == 1)
    wire.confirm()
    wire.send()
    wire.confirm()
    #expect(
      wire.answers() == [
        PublishResult(token: 1, outcome: .accepted(.success)), PublishResult(token: 2, outcome: .poison),
        PublishResult(token: 3, outcome: .accepted(.success)), PublishResult(token: 4, outcome: .accepted(.success)),
      ])
  }

  @Test("blames nothing for connections that ended otherwise")
  func noPoison() {
    var wire = connected()
    wire.window.append(Self.publish(1), publisher: 1)
    for round in 0..<10 {
      wire.send()
      #expect(wire.sent.count == 1)
      wire.cut(blamesPacket: round % 3 != 2)
      wire.window.connected(.init())
    }
    #expect(wire.answers().isEmpty)
  }

  @Test("answers every token exactly once and keeps order, whatever happens")
  func property() {
    var random = SeededGenerator(seed: 6)
    for _ in 0..<200 {
      var wire = connected(limit: 1 + random.below(8))
      var isUp = true
      var lastToken: UInt64 = 0
      var answered: [UInt64: Int] = [:]
      var firstSent: [UInt64] = []
      for _ in 0..<300 {
        switch random.below(6) {
        case 0, 1:
          lastToken += 1
          wire.window.append(
            Self.publish(lastToken, qos: random.below(5) == 0 ? .exactlyOnce : .atLeastOnce), publisher: 1)
        case 2, 3:
          let before = wire.sent.count
          wire.send()
          firstSent += wire.sent.dropFirst(before).map(\.publish.token).filter { !firstSent.contains($0) }
        case 4: wire.confirm(random.below(wire.sent.count + 1))
        default:
          if isUp { wire.cut() } else { wire.window.connected(.init()) }
          isUp.toggle()
        }
        for answer in wire.answers() { answered[answer.token, default: 0] += 1 }
      }
      if !isUp { wire.window.connected(.init()) }
      while !wire.window.isIdle {
        wire.send()
        firstSent += wire.sent.map(\.publish.token).filter { !firstSent.contains($0) }
        wire.confirm(wire.sent.count)
      }
      for answer in wire.answers() { answered[answer.token, default: 0] += 1 }
      #expect(answered.count == Int(lastToken))
      #expect(answered.values.allSatisfy { $0 == 1 })
      #expect(firstSent == firstSent.sorted())
    }
  }

  // MARK: Retained states

  private func state(_ topic: String, _ value: UInt8?, token: UInt64? = nil) -> RetainedState {
    RetainedState(topic: topic, payload: value.map { [$0] } ?? [], token: token)
  }

  @Test("publishes retained states on every connection, before what waits")
  func statesAgain() {
    var window = PublishWindow()
    window.append(Self.publish(9), publisher: 1)
    window.set(state("a", 1), publisher: nil)
    window.set(state("b", 2), publisher: nil)
    window.connected(.init())
    var wire = Wire(window)
    wire.send()
    #expect(wire.sent.map(\.publish.topic) == ["a", "b", "t"])
    #expect(wire.sent[0].publish.retain)
    wire.confirm(3)
    wire.cut()
    wire.window.connected(.init())
    wire.send()
    #expect(wire.sent.map(\.publish.topic) == ["a", "b"])
  }

  @Test("sends the last of many values and answers all that wait")
  func conflates() {
    var wire = connected(limit: 1)
    wire.window.append(Self.publish(1), publisher: 1)
    wire.send()
    for value in 1...9 { wire.window.set(state("a", UInt8(value), token: UInt64(value)), publisher: 2) }
    wire.confirm()
    wire.send()
    #expect(wire.sent.map(\.publish.payload) == [[9]])
    wire.confirm()
    let answers = wire.window.takeAnswers()
    #expect(answers.map(\.result.token) == [1] + Array(1...9))
    #expect(answers.map(\.publisher) == [1] + Array(repeating: 2, count: 9))
  }

  @Test("answers a value that was overtaken in flight, and the one that overtook it")
  func overtaken() {
    var wire = connected(limit: 1)
    wire.window.set(state("a", 1, token: 1), publisher: 1)
    wire.send()
    wire.window.set(state("a", 2, token: 2), publisher: 1)
    wire.confirm()
    #expect(wire.answers().map(\.token) == [1])
    wire.send()
    #expect(wire.sent.map(\.publish.payload) == [[2]])
    wire.confirm()
    #expect(wire.answers().map(\.token) == [2])
  }

  @Test("clears a topic once and forgets it")
  func clears() {
    var wire = connected()
    wire.window.set(state("a", 1), publisher: nil)
    wire.send()
    wire.confirm()
    wire.window.set(state("a", nil), publisher: nil)
    wire.cut()
    wire.window.connected(.init())
    wire.send()
    #expect(wire.sent.map(\.publish.payload) == [[]])
    wire.confirm()
    wire.cut()
    wire.window.connected(.init())
    wire.send()
    #expect(wire.sent.isEmpty)
    wire.window.set(state("b", 1), publisher: nil)
    wire.send()
    #expect(wire.sent.map(\.publish.topic) == ["b"])
  }

  @Test("tries a value that the broker refuses again on the next connection, not before")
  func refusedState() {
    var wire = connected()
    wire.window.set(state("a", 1, token: 1), publisher: 1)
    wire.send()
    wire.confirm(1, .notAuthorized)
    #expect(wire.answers() == [PublishResult(token: 1, outcome: .refused(.notAuthorized))])
    wire.send(now: .seconds(60))
    #expect(wire.sent.isEmpty)
    wire.cut()
    wire.window.connected(.init())
    wire.send()
    #expect(wire.sent.map(\.publish.payload) == [[1]])
  }

  @Test("tries a state again that the broker refuses for now, unless it has changed")
  func retriedState() {
    var wire = connected()
    wire.window.set(state("a", 1), publisher: nil)
    wire.send()
    wire.confirm(1, .quotaExceeded)
    wire.send(now: .seconds(1))
    #expect(wire.sent.map(\.publish.payload) == [[1]])
    wire.confirm(1, .quotaExceeded)
    wire.window.set(state("a", 2), publisher: nil)
    wire.send(now: .zero)
    #expect(wire.sent.map(\.publish.payload) == [[2]])
    wire.confirm()
    wire.send(now: .seconds(60))
    #expect(wire.sent.isEmpty)
  }

  @Test("finds the poison among states too")
  func poisonState() {
    var wire = connected()
    wire.window.set(state("a", 1, token: 1), publisher: 1)
    wire.window.set(state("b", 1, token: 2), publisher: 1)
    for _ in 0..<PublishWindow.strikesTaken {
      wire.send()
      #expect(wire.sent.count == 2)
      wire.cut(blamesPacket: true)
      wire.window.connected(.init())
    }
    wire.send()
    #expect(wire.sent.map(\.publish.topic) == ["a"])
    wire.cut(blamesPacket: true)
    wire.window.connected(.init())
    wire.send()
    wire.confirm()
    #expect(
      wire.answers() == [
        PublishResult(token: 1, outcome: .poison), PublishResult(token: 2, outcome: .accepted(.success)),
      ])
    wire.cut()
    wire.window.connected(.init())
    wire.send()
    #expect(wire.sent.map(\.publish.topic) == ["b"])
  }
}
