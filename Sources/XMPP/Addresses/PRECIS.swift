/// The two PRECIS profiles an address is made of (RFC 8265).
///
/// Texts go through as arrays of code points. A result is a fixed point: enforcing it again changes nothing.
enum PRECIS {
  /// Why a text is refused.
  enum Failure: Error, Equatable {
    case empty
    case forbidden(UInt32)
    case outOfContext(UInt32)
    case mixedDirections
    case unstable
  }

  /// UsernameCaseMapped (RFC 8265, section 3.3): width, lower case, NFC, Bidi Rule, IdentifierClass.
  static func usernameCaseMapped(_ scalars: [UInt32]) throws(Failure) -> [UInt32] {
    if let text = try plain(scalars, class: .identifier) {
      return text.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
    }
    return try stable(scalars) { text throws(Failure) in
      let narrow = text.flatMap { Unistring.widthMapping($0) ?? [$0] }
      try check(narrow, class: .identifier)
      var lower: [UInt32] = []
      lower.reserveCapacity(narrow.count)
      for scalar in narrow { Unistring.appendLowercase(scalar, to: &lower) }
      let result = Unistring.nfc(lower)
      guard !BidiRule.concerns(result) || BidiRule.accepts(result) else { throw .mixedDirections }
      return result
    }
  }

  /// OpaqueString (RFC 8265, section 4.2): spaces become U+0020, NFC, FreeformClass.
  static func opaqueString(_ scalars: [UInt32]) throws(Failure) -> [UInt32] {
    if let text = try plain(scalars, class: .freeform) { return text }
    return try stable(scalars) { text throws(Failure) in
      try check(text, class: .freeform)
      return Unistring.nfc(text.map { Unistring.isIn(.spaces, $0) ? 0x20 : $0 })
    }
  }

  /// A text of ASCII needs no mapping but that of case; nil for other texts.
  private static func plain(_ scalars: [UInt32], class stringClass: StringClass) throws(Failure) -> [UInt32]? {
    guard !scalars.isEmpty, scalars.allSatisfy({ $0 < 0x80 }) else { return nil }
    try check(scalars, class: stringClass)
    return scalars
  }

  /// Applies rules until nothing changes any more, at most four times (RFC 8264, section 7).
  private static func stable(
    _ scalars: [UInt32], rules: ([UInt32]) throws(Failure) -> [UInt32]
  ) throws(Failure) -> [UInt32] {
    var text = scalars
    for _ in 0..<4 {
      guard !text.isEmpty else { throw .empty }
      let next = try rules(text)
      if next == text { return text }
      text = next
    }
    throw .unstable
  }

  private static func check(_ scalars: [UInt32], class stringClass: StringClass) throws(Failure) {
    for (index, scalar) in scalars.enumerated() {
      switch DerivedProperty(of: scalar) {
      case .valid: continue
      case .freeformOnly where stringClass == .freeform: continue
      case .contextual where ContextRule.permits(index, in: scalars): continue
      case .contextual: throw .outOfContext(scalar)
      case .freeformOnly, .disallowed: throw .forbidden(scalar)
      }
    }
  }

  private enum StringClass {
    case identifier
    case freeform
  }
}
