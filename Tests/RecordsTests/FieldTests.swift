import Records
import TestSupport
import Testing

@Suite("FieldWriter and FieldReader")
struct FieldTests {
  @Test("what was written is read back")
  func roundTrip() throws {
    var writer = FieldWriter()
    writer.write(UInt8(7))
    writer.write(Int64.min)
    writer.write(UInt32.max)
    writer.write(true)
    writer.write([0, 255, 10] as [UInt8])
    writer.write("Grüße, 🐝")
    writer.write("an id" as String?) { $0.write($1) }
    writer.write(nil as UInt16?) { $0.write($1) }
    writer.write(list: ["a", "", "c"]) { $0.write($1) }

    var reader = FieldReader(writer.bytes)
    #expect(try reader.read(UInt8.self) == 7)
    #expect(try reader.read(Int64.self) == .min)
    #expect(try reader.read(UInt32.self) == .max)
    #expect(try reader.readBool())
    #expect(try reader.readBytes() == [0, 255, 10])
    #expect(try reader.readString() == "Grüße, 🐝")
    #expect(try reader.readOptional { (reader) throws(FieldError) in try reader.readString() } == "an id")
    #expect(try reader.readOptional { (reader) throws(FieldError) in try reader.read(UInt16.self) } == nil)
    #expect(try reader.readList { (reader) throws(FieldError) in try reader.readString() } == ["a", "", "c"])
    #expect(reader.isAtEnd)
    try reader.finish()
  }

  @Test("integers are little-endian and as wide as their type")
  func layout() {
    var writer = FieldWriter()
    writer.write(UInt16(0x0102))
    writer.write("ä")
    #expect(writer.bytes == [2, 1, 2, 0, 0, 0, 0xc3, 0xa4])
  }

  @Test("each kind of damage is named")
  func damage() {
    #expect(throws: FieldError.truncated) {
      var reader = FieldReader([1, 2, 3])
      _ = try reader.read(UInt32.self)
    }
    #expect(throws: FieldError.truncated) {
      var reader = FieldReader([255, 255, 255, 255, 1])
      _ = try reader.readBytes()
    }
    #expect(throws: FieldError.truncated) {
      var reader = FieldReader([255, 255, 255, 255])
      _ = try reader.readList { _ throws(FieldError) in 0 }
    }
    #expect(throws: FieldError.invalidFlag(2)) {
      var reader = FieldReader([2])
      _ = try reader.readBool()
    }
    #expect(throws: FieldError.notUTF8) {
      var reader = FieldReader([2, 0, 0, 0, 0xc3, 0x28])
      _ = try reader.readString()
    }
    #expect(throws: FieldError.trailing(2)) { try FieldReader([0, 0]).finish() }
  }

  @Test("random damage is an error or another record, never a trap", arguments: 0..<8)
  func fuzz(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var writer = FieldWriter()
    writer.write(UInt64.random(in: 0 ... .max, using: &random))
    writer.write(list: ["one", "two"]) { $0.write($1) }
    writer.write("three" as String?) { $0.write($1) }
    for _ in 0..<2_000 {
      var bytes = writer.bytes
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0 ... .max, using: &random)
      }
      bytes.removeLast(Int.random(in: 0...(random.chance(50) ? bytes.count - 1 : 0), using: &random))
      var reader = FieldReader(bytes)
      do {
        _ = try reader.read(UInt64.self)
        _ = try reader.readList { (reader) throws(FieldError) in try reader.readString() }
        _ = try reader.readOptional { (reader) throws(FieldError) in try reader.readString() }
        try reader.finish()
      } catch {
        #expect(!error.description.isEmpty)
      }
    }
  }
}
