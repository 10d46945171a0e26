import Records
import Testing

@Suite("PlainText")
struct PlainTextTests {
  private func isPlain(_ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBufferPointer { PlainText.holds($0, without: [UInt8(ascii: "<"), 0xEF]) }
  }

  @Test("finds each byte that is not plain, wherever it stands")
  func everywhere() {
    for length in 1...20 {
      for position in 0..<length {
        for byte in UInt8.min...UInt8.max {
          var bytes = [UInt8](repeating: UInt8(ascii: " "), count: length)
          bytes[position] = byte
          let expected = byte >= 0x20 && byte != UInt8(ascii: "<") && byte != 0xEF
          #expect(isPlain(bytes) == expected, "\(byte) at \(position) of \(length)")
        }
      }
    }
  }

  @Test("a text of bytes beside those is plain")
  func neighbours() {
    #expect(isPlain([]))
    #expect(isPlain([0x20, 0x21, 0x3B, 0x3D, 0x7F, 0x80, 0xEE, 0xF0, 0xFF, 0xA0, 0x9F, 0xBC]))
  }
}
