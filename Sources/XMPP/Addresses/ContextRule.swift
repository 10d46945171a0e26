import CUnistring

/// Where the contextual code points may stand (RFC 5892, appendix A).
enum ContextRule {
  /// Whether the contextual code point at `index` may stand there.
  static func permits(_ index: Int, in text: [UInt32]) -> Bool {
    let before = index > 0 ? text[index - 1] : nil
    let after = index + 1 < text.count ? text[index + 1] : nil
    switch text[index] {
    case 0x200C: return before.map(Unistring.isVirama) == true || joins(index, in: text)
    case 0x200D: return before.map(Unistring.isVirama) == true
    case 0xB7: return before == 0x6C && after == 0x6C
    case 0x375: return after.map { Unistring.isInScript(["Greek"], $0) } == true
    case 0x5F3, 0x5F4: return before.map { Unistring.isInScript(["Hebrew"], $0) } == true
    case 0x30FB: return text.contains { Unistring.isInScript(["Hiragana", "Katakana", "Han"], $0) }
    case 0x660...0x669: return !text.contains { (0x6F0...0x6F9).contains($0) }
    case 0x6F0...0x6F9: return !text.contains { (0x660...0x669).contains($0) }
    default: return false
    }
  }

  /// Whether what stands before the non-joiner at `index` would join with what stands behind it.
  private static func joins(_ index: Int, in text: [UInt32]) -> Bool {
    let before = text[..<index].last { joiningType($0) != UC_JOINING_TYPE_T }.map(joiningType)
    let after = text[(index + 1)...].first { joiningType($0) != UC_JOINING_TYPE_T }.map(joiningType)
    return (before == UC_JOINING_TYPE_L || before == UC_JOINING_TYPE_D)
      && (after == UC_JOINING_TYPE_R || after == UC_JOINING_TYPE_D)
  }

  private static func joiningType(_ scalar: UInt32) -> Int {
    Int(uc_joining_type(scalar))
  }
}
