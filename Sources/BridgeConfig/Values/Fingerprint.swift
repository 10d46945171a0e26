/// A SHA-256 digest as people copy it: 64 hexadecimal digits, with or without colons between the bytes.
enum Fingerprint {
  static let advice =
    "a SHA-256 is 64 hexadecimal digits, as `openssl x509 -noout -fingerprint -sha256` prints them"

  static func parse(_ text: String) -> [UInt8]? {
    let groups = text.split(separator: ":", omittingEmptySubsequences: false)
    let pairs: [Substring] =
      groups.count == 1
      ? stride(from: 0, to: text.count, by: 2).map { text.dropFirst($0).prefix(2) } : groups
    guard pairs.count == 32 else { return nil }
    var digest: [UInt8] = []
    for pair in pairs {
      guard pair.count == 2, pair.allSatisfy({ $0.isHexDigit && $0.isASCII }), let byte = UInt8(pair, radix: 16)
      else { return nil }
      digest.append(byte)
    }
    return digest
  }
}
