/// A small generator of numbers (SplitMix64), so that a failing case can be run again.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

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
