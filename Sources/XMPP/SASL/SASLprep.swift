import CUnistring

/// SASLprep (RFC 4013), which makes usernames and passwords comparable. Code points that Unicode 3.2 did not assign
/// are let through, as RFC 3454 §7 allows for queries: whether a password is right is the server's to say.
enum SASLprep {
  /// The prepared form of `text`, which is called `subject` in errors.
  /// - Throws: `SASLError.unusableCredentials` if the text is not UTF-8, empty, or holds what must not be.
  static func prepare(_ text: [UInt8], as subject: String) throws(SASLError) -> [UInt8] {
    guard let string = String(validating: text, as: UTF8.self) else {
      throw .unusableCredentials("the \(subject) is not UTF-8")
    }
    let mapped = string.unicodeScalars.compactMap { scalar -> UInt32? in
      if isSpace(scalar.value) { return 0x20 }
      return isMappedToNothing(scalar.value) ? nil : scalar.value
    }
    guard let scalars = normalized(mapped) else {
      throw .unusableCredentials("the \(subject) cannot be normalised")
    }
    guard !scalars.isEmpty else { throw .unusableCredentials("the \(subject) is empty") }
    if let prohibited = scalars.first(where: isProhibited) {
      let code = String(prohibited, radix: 16, uppercase: true)
      let padding = String(repeating: "0", count: max(0, 4 - code.count))
      throw .unusableCredentials("the \(subject) holds U+\(padding)\(code), which SASLprep (RFC 4013) prohibits")
    }
    guard isBidirectionallySound(scalars) else {
      throw .unusableCredentials(
        "the \(subject) mixes directions of writing in a way that SASLprep (RFC 4013) prohibits")
    }
    var result = String.UnicodeScalarView()
    result.append(contentsOf: scalars.compactMap(Unicode.Scalar.init))
    return Array(String(result).utf8)
  }

  /// Table C.1.2 of RFC 3454.
  private static func isSpace(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0xA0, 0x1680, 0x2000...0x200B, 0x202F, 0x205F, 0x3000: true
    default: false
    }
  }

  /// Table B.1.
  private static func isMappedToNothing(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0xAD, 0x34F, 0x1806, 0x180B...0x180D, 0x200B...0x200D, 0x2060, 0xFE00...0xFE0F, 0xFEFF: true
    default: false
    }
  }

  /// Tables C.2.1 to C.9; surrogates (C.5) are no scalars.
  private static func isProhibited(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0...0x1F, 0x7F: true  // C.2.1: ASCII control characters
    case 0x80...0x9F, 0x6DD, 0x70F, 0x180E, 0x200C, 0x200D, 0x2028, 0x2029, 0x2060...0x2063, 0x206A...0x206F, 0xFEFF,
      0xFFF9...0xFFFC, 0x1D173...0x1D17A:
      true  // C.2.2: other control characters
    case 0xE000...0xF8FF, 0xF0000...0xFFFFD, 0x100000...0x10FFFD: true  // C.3: private use
    case 0xFDD0...0xFDEF: true  // C.4: noncharacters, with the last two of each plane below
    case 0xFFFD: true  // C.6: inappropriate for plain text
    case 0x2FF0...0x2FFB: true  // C.7: inappropriate for canonical representation
    case 0x340, 0x341, 0x200E, 0x200F, 0x202A...0x202E: true  // C.8: change display, or deprecated
    case 0xE0001, 0xE0020...0xE007F: true  // C.9: tagging
    default: scalar & 0xFFFE == 0xFFFE || isSpace(scalar)
    }
  }

  /// RFC 3454 §6: text with a right-to-left character begins and ends with one, and has no left-to-right character.
  private static func isBidirectionallySound(_ scalars: [UInt32]) -> Bool {
    guard scalars.contains(where: { $0 >= 0x80 }) else { return true }
    let categories = scalars.map { Int(uc_bidi_category($0)) }
    let isRightToLeft = { (category: Int) in category == UC_BIDI_R || category == UC_BIDI_AL }
    guard categories.contains(where: isRightToLeft) else { return true }
    guard let first = categories.first, let last = categories.last else { return true }
    return isRightToLeft(first) && isRightToLeft(last) && !categories.contains(Int(UC_BIDI_L))
  }

  /// Normalisation form KC; nil when memory ran out.
  private static func normalized(_ scalars: [UInt32]) -> [UInt32]? {
    guard scalars.contains(where: { $0 >= 0x80 }) else { return scalars }
    var count = 0
    guard let result = unsafe cunistring_nfkc(scalars, scalars.count, nil, &count) else { return nil }
    defer { unsafe cunistring_free(result) }
    return unsafe Array(UnsafeBufferPointer(start: result, count: count))
  }
}
