import TLSEngine
import Testing

@Suite("Hashes, HMAC, PBKDF2")
struct CryptoTests {
  private func bytes(_ hexadecimal: String) -> [UInt8] {
    let digits = hexadecimal.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
  }

  @Test("hashes of \"abc\" (FIPS 180)")
  func hashes() {
    let message = Array("abc".utf8)
    #expect(Crypto.hash(.sha1, message) == bytes("a9993e364706816aba3e25717850c26c9cd0d89d"))
    #expect(
      Crypto.hash(.sha256, message)
        == bytes("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"))
    #expect(
      Crypto.hash(.sha512, message)
        == bytes(
          """
          ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
          2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f
          """))
    #expect(Crypto.hash(.sha1, []) == bytes("da39a3ee5e6b4b0d3255bfef95601890afd80709"))
  }

  @Test("HMAC (RFC 2202 case 2, RFC 4231 cases 2 and 6)")
  func hmacs() {
    let question = Array("what do ya want for nothing?".utf8)
    let jefe = Array("Jefe".utf8)
    #expect(Crypto.hmac(.sha1, key: jefe, question) == bytes("effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"))
    #expect(
      Crypto.hmac(.sha256, key: jefe, question)
        == bytes("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"))
    #expect(
      Crypto.hmac(.sha512, key: jefe, question)
        == bytes(
          """
          164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554\
          9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737
          """))
    #expect(
      Crypto.hmac(
        .sha256, key: [UInt8](repeating: 0xAA, count: 131),
        Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8))
        == bytes("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"))
    #expect(Crypto.hmac(.sha1, key: [], []) == bytes("fbdb1d1b18aa6c08324b7d64b71fb76370690e1d"))
  }

  @Test("PBKDF2 (RFC 6070, and RFC 7914 §11 for SHA-256)")
  func derives() {
    let password = Array("password".utf8)
    let salt = Array("salt".utf8)
    #expect(
      Crypto.pbkdf2(.sha1, password: password, salt: salt, iterations: 1)
        == bytes("0c60c80f961f0e71f3a9b524af6012062fe037a6"))
    #expect(
      Crypto.pbkdf2(.sha1, password: password, salt: salt, iterations: 4096)
        == bytes("4b007901b765489abead49d926f721d065a429c1"))
    // Its first half: an output as long as the digest.
    #expect(
      Crypto.pbkdf2(.sha256, password: Array("passwd".utf8), salt: salt, iterations: 1)
        == bytes("55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"))
    #expect(
      Crypto.pbkdf2(.sha1, password: Array("pass\0word".utf8), salt: Array("sa\0lt".utf8), iterations: 4096).prefix(16)
        == bytes("56fa6aa75548099dcc37d7f03425e0c3")[...])
    #expect(Crypto.pbkdf2(.sha512, password: [], salt: [], iterations: 1).count == 64)
    #expect(
      Crypto.pbkdf2(.sha512, password: [], salt: [1], iterations: 1)
        != Crypto.pbkdf2(.sha512, password: [], salt: [], iterations: 1))
  }

  @Test("comparison in constant time")
  func compares() {
    #expect(Crypto.constantTimeEqual([], []))
    #expect(Crypto.constantTimeEqual([1, 2, 3], [1, 2, 3]))
    #expect(!Crypto.constantTimeEqual([1, 2, 3], [1, 2, 4]))
    #expect(!Crypto.constantTimeEqual([1, 2, 3], [1, 2]))
    #expect(!Crypto.constantTimeEqual([], [0]))
  }
}
