import TestSupport

extension SeededGenerator {
  /// A text in which every second character is one of those on which something depends.
  mutating func text(_ special: [Unicode.Scalar], length: ClosedRange<Int>) -> String {
    var text = ""
    for _ in 0..<Int.random(in: length, using: &self) {
      if Bool.random(using: &self) {
        text.unicodeScalars.append(special.randomElement(using: &self) ?? "a")
      } else {
        text.unicodeScalars.append(Unicode.Scalar(UInt8.random(in: 0x61...0x7A, using: &self)))
      }
    }
    return text
  }
}

func utf8(_ bytes: [UInt8]) -> String {
  String(decoding: bytes, as: UTF8.self)
}
