import TLSEngine
import Testing

@Suite("Base64")
struct Base64Tests {
  @Test(
    "encodes and decodes (RFC 4648 §10)",
    arguments: [
      ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
      ("foobar", "Zm9vYmFy"),
    ])
  func followsVectors(text: String, encoded: String) {
    #expect(Base64.encode(Array(text.utf8)) == encoded)
    #expect(Base64.decode(encoded) == Array(text.utf8))
  }

  @Test("carries every byte value at every position")
  func carriesEveryByte() {
    let bytes = (UInt8.min...UInt8.max).flatMap { (byte: UInt8) -> [UInt8] in [byte, ~byte, byte ^ 0x55, byte] }
    for count in 0..<bytes.count {
      let slice = Array(bytes.prefix(count))
      #expect(Base64.decode(Base64.encode(slice)) == slice)
    }
    #expect(Base64.encode([0xFB, 0xEF, 0xFF]) == "++//")
  }

  @Test(
    "refuses whatever is not the one encoding of something",
    arguments: [
      "Z", "Zg", "Zg=", "Zm9", "Zm9vYg", "=", "====", "A===", "Zg==Zg==", "Zg=a", "Z===", "Zm9v====", "Zm9v\n", " Zm9v",
      "Zm 9", "Zm9v-_==", "Zh==", "Zm9=", "Zg==\n\n\n\n", "Zm8é", "=Zg=", "Zm9v\0\0\0\0",
    ])
  func refusesOthers(text: String) {
    #expect(Base64.decode(text) == nil)
  }
}
