import MQTT
import TestSupport
import Testing

@Suite("RedeliveryFilter")
struct RedeliveryFilterTests {
  private func publish(_ packetID: UInt16, _ text: String, qos: QoS = .atLeastOnce) -> InboundPublish {
    InboundPublish(index: 0, packetID: packetID, topic: "t", payload: Array(text.utf8), qos: qos)
  }

  private func isNew(_ verdict: RedeliveryFilter.Verdict) -> Bool {
    if case .new = verdict { true } else { false }
  }

  @Test("recognises what comes again after a resumed session, until something new comes")
  func recognises() {
    var filter = RedeliveryFilter()
    filter.connected(sessionPresent: false)
    for id in 1...3 as ClosedRange<UInt16> { #expect(isNew(filter.check(publish(id, "m\(id)")))) }
    filter.connected(sessionPresent: true)
    #expect(filter.check(publish(2, "m2")) == .redelivered)
    #expect(filter.check(publish(3, "m3")) == .redelivered)
    #expect(isNew(filter.check(publish(4, "m4"))))
    // From here on an equal message is a new one.
    #expect(isNew(filter.check(publish(1, "m1"))))
  }

  @Test("does not take the same content under another identifier, or other content under the same, for a repetition")
  func identity() {
    var filter = RedeliveryFilter()
    filter.connected(sessionPresent: false)
    _ = filter.check(publish(1, "ON"))
    filter.connected(sessionPresent: true)
    #expect(isNew(filter.check(publish(2, "ON"))))
    filter.connected(sessionPresent: true)
    #expect(isNew(filter.check(publish(1, "OFF"))))
    filter.connected(sessionPresent: true)
    #expect(filter.check(publish(1, "OFF")) == .redelivered)
  }

  @Test("forgets a session that the broker has forgotten")
  func newSession() {
    var filter = RedeliveryFilter()
    filter.connected(sessionPresent: false)
    let before = filter.epoch
    _ = filter.check(publish(1, "ON"))
    filter.connected(sessionPresent: false)
    #expect(filter.epoch > before)
    filter.connected(sessionPresent: true)
    #expect(isNew(filter.check(publish(1, "ON"))))
  }

  @Test("goes on in the next process with the keys that were committed")
  func restored() throws {
    var first = RedeliveryFilter()
    first.connected(sessionPresent: false)
    guard case .new(let key) = first.check(publish(9, "ON")) else { throw Unexpected() }
    var second = RedeliveryFilter(epoch: first.epoch, keys: [key])
    #expect(Set(second.exported) == [key])
    second.connected(sessionPresent: true)
    #expect(second.check(publish(9, "ON")) == .redelivered)
    // A session that began and delivered nothing before the process died leaves only its epoch.
    first.connected(sessionPresent: false)
    var third = RedeliveryFilter(epoch: first.epoch, keys: [key])
    third.connected(sessionPresent: true)
    #expect(isNew(third.check(publish(9, "ON"))))
  }

  @Test("does not let an identifier that came round swallow an equal message")
  func wrapped() {
    var filter = RedeliveryFilter()
    filter.connected(sessionPresent: false)
    for id in 1...65_535 as ClosedRange<UInt16> { _ = filter.check(publish(id, "ON")) }
    filter.connected(sessionPresent: true)
    // The broker goes on at 1, with the same content as 65,535 messages ago.
    #expect(isNew(filter.check(publish(1, "ON"))))
    filter.connected(sessionPresent: true)
    #expect(filter.check(publish(1, "ON")) == .redelivered)
    #expect(filter.exported.count <= 2 * RedeliveryFilter.stretch)
  }

  @Test("leaves QoS 0 alone")
  func qos0() {
    var filter = RedeliveryFilter()
    filter.connected(sessionPresent: false)
    _ = filter.check(publish(1, "x"))
    filter.connected(sessionPresent: true)
    #expect(filter.check(publish(0, "live", qos: .atMostOnce)) == .unidentified)
    #expect(filter.check(publish(1, "x")) == .redelivered)
  }

  /// A broker that keeps a window of unacknowledged messages, loses acknowledgements at every cut and gives identifiers in
  /// turn; a client whose journal survives every crash.
  @Test("journals every message exactly once, whatever is cut and killed")
  func property() {
    var random = SeededGenerator(seed: 5)
    for _ in 0..<60 {
      var unacknowledged: [(id: UInt16, number: Int)] = []
      var sent = 0
      var nextID: UInt16 = 1
      var journal: [Int] = []
      var committed: [UInt16: RedeliveryKey] = [:]
      var epoch: UInt64 = 0
      var filter = RedeliveryFilter()
      filter.connected(sessionPresent: false)
      epoch = filter.epoch
      var delivered = 0
      for _ in 0..<300 {
        switch random.below(8) {
        case 0...3:
          guard unacknowledged.count < 10 else { break }
          // Few contents, so that equal messages are common.
          unacknowledged.append((nextID, sent))
          sent += 1
          nextID += 1
        case 4, 5:
          while delivered < unacknowledged.count {
            let (id, number) = unacknowledged[delivered]
            if case .new(let key) = filter.check(publish(id, "\(number % 3)")) {
              journal.append(number)
              committed[id] = key
            }
            delivered += 1
          }
        case 6:
          // Acknowledged and arrived: a prefix, for which nobody else answers from now on.
          let count = random.below(delivered + 1)
          #expect(unacknowledged.prefix(count).allSatisfy { journal.contains($0.number) })
          unacknowledged.removeFirst(count)
          delivered -= count
        default:
          // A cut, perhaps with a kill: what is unacknowledged comes again.
          delivered = 0
          if random.below(2) == 0 { filter = RedeliveryFilter(epoch: epoch, keys: committed.values) }
          filter.connected(sessionPresent: true)
        }
      }
      #expect(journal == journal.sorted())
      #expect(Set(journal).count == journal.count)
    }
  }

  private struct Unexpected: Error {}
}
