import Records
import Testing

@Suite("ByteSink")
struct ByteSinkTests {
  @Test("collects what is appended, whatever room it was made with", arguments: [0, 1, 7, 64])
  func collects(capacity: Int) {
    var sink = ByteSink(capacity: capacity)
    var expected: [UInt8] = []
    for round in 0..<40 {
      sink.append(UInt8(round))
      let some = [UInt8](repeating: UInt8(round), count: round)
      some.withUnsafeBufferPointer { sink.append($0) }
      sink.append("Grüße")
      sink.append(atMost: 8) { room in
        room.storeBytes(of: UInt16(0x0201).littleEndian, as: UInt16.self)
        return 2
      }
      expected += [UInt8(round)] + some + Array("Grüße".utf8) + [1, 2]
      #expect(sink.count == expected.count)
      #expect(sink.bytes == expected)
    }
  }

  @Test("lends its bytes to be changed, and begins anew in the same room", arguments: [1, 16, 1_000])
  func begunAnew(limit: Int) {
    var sink = ByteSink(capacity: 4)
    for text in ["first, which is longer than the limit may be", "second"] {
      sink.append(text)
      sink.withUnsafeMutableBytes { $0[0] = UInt8(ascii: "*") }
      #expect(sink.bytes == Array("*".utf8) + Array(text.utf8.dropFirst()))
      sink.removeAll(keepingAtMost: limit)
      #expect(sink.count == 0)
      #expect(sink.bytes == [])
    }
  }
}
