import MQTT
import TestSupport
import Testing

@Suite("WriteGate")
struct WriteGateTests {
  @Test("writes freely while nothing was read")
  func freeAtFirst() {
    let gate = WriteGate(holdMessages: 4)
    #expect(gate.mayWrite)
    #expect(gate.mayRead)
    #expect(!gate.shouldFlush)
  }

  @Test("holds everything back until the last message read is safe, then flushes at once")
  func allOrNothing() {
    var gate = WriteGate(holdMessages: 4)
    gate.read(3)
    #expect(gate.lastRead == 3)
    gate.released(upTo: 2)
    #expect(!gate.mayWrite)
    #expect(gate.mayRead)
    gate.released(upTo: 3)
    #expect(gate.shouldFlush)
    #expect(!gate.mayRead)
    gate.flushed()
    #expect(gate.mayRead)
    #expect(gate.held == 0)
  }

  @Test("stops reading at so many unflushed messages")
  func bounded() {
    var gate = WriteGate(holdMessages: 2)
    gate.read(1)
    #expect(gate.mayRead)
    gate.read(1)
    #expect(!gate.mayRead)
    gate.released(upTo: 1)
    #expect(!gate.mayRead)
    gate.released(upTo: 2)
    gate.flushed()
    #expect(gate.mayRead)
  }

  @Test("pauses when nothing could leave for a whole interval, and only then")
  func shut() {
    var gate = WriteGate(holdMessages: 10)
    gate.pauseIfShut()
    gate.read(2)
    gate.pauseIfShut()
    #expect(gate.mayRead)
    gate.released(upTo: 2)
    gate.flushed()
    gate.read(2)
    gate.pauseIfShut()
    #expect(gate.mayRead)
    gate.released(upTo: 3)
    gate.pauseIfShut()
    #expect(!gate.mayRead)
    gate.released(upTo: 4)
    gate.flushed()
    #expect(gate.mayRead)
  }

  @Test("stays paused until everything read is flushed")
  func paused() {
    var gate = WriteGate(holdMessages: 10)
    gate.pause()
    #expect(gate.mayRead)
    gate.read(2)
    gate.pause()
    #expect(!gate.mayRead)
    gate.released(upTo: 2)
    #expect(!gate.mayRead)
    gate.flushed()
    #expect(gate.mayRead)
  }

  @Test("counts on after a lost connection and ignores what is released late")
  func lost() {
    var gate = WriteGate(holdMessages: 2)
    gate.read(2)
    gate.connectionLost()
    #expect(gate.mayRead)
    #expect(gate.mayWrite)
    gate.read(1)
    #expect(gate.lastRead == 3)
    gate.released(upTo: 2)
    #expect(!gate.mayWrite)
    gate.released(upTo: 99)
    #expect(gate.shouldFlush)
  }

  @Test("never lets the acknowledgement of an unsafe message out")
  func property() {
    var random = SeededGenerator(seed: 4)
    for _ in 0..<400 {
      let hold = 1 + random.below(6)
      var gate = WriteGate(holdMessages: hold)
      // The model: the library's queue of PUBACKs, and which messages are safe.
      var queue: [UInt64] = []
      var next: UInt64 = 1
      var safe: UInt64 = 0
      for _ in 0..<200 {
        switch random.below(10) {
        case 0...3 where gate.mayRead:
          queue.append(next)
          next += 1
          gate.read(1)
          #expect(queue.count <= hold)
        case 4, 5:
          safe = max(safe, UInt64(random.below(Int(next))))
          gate.released(upTo: safe)
        case 6...7 where gate.mayWrite:
          // Everything in the queue leaves, and all of it is safe.
          #expect(queue.allSatisfy { $0 <= safe })
          queue.removeAll()
          gate.flushed()
        case 8: gate.pause()
        case 9 where random.below(5) == 0:
          queue.removeAll()
          gate.connectionLost()
        default: break
        }
        #expect(gate.mayRead || gate.held > 0)
        #expect(gate.shouldFlush == (!queue.isEmpty && queue.allSatisfy { $0 <= safe }))
      }
    }
  }
}
