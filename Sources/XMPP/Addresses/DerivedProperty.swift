/// In which PRECIS string classes a code point may stand (RFC 8264, section 8).
enum DerivedProperty {
  /// PVALID: in both classes.
  case valid
  /// ID_DIS or FREE_PVAL: in FreeformClass only.
  case freeformOnly
  /// CONTEXTJ or CONTEXTO: where a rule of RFC 5892, appendix A, permits it.
  case contextual
  /// DISALLOWED or UNASSIGNED: in none.
  case disallowed

  /// The property of a code point; the order of the questions is that of the RFC.
  init(of scalar: UInt32) {
    switch scalar {
    case 0x21...0x7E: self = .valid
    case 0x20: self = .freeformOnly
    case 0x00...0x1F, 0x7F: self = .disallowed
    default: self = Self.exception(scalar) ?? Self.derived(scalar)
    }
  }

  private static func derived(_ scalar: UInt32) -> DerivedProperty {
    if Unistring.isIn(.unassigned, scalar) { return .disallowed }
    if scalar == 0x200C || scalar == 0x200D { return .contextual }
    if isOldHangulJamo(scalar) || Unistring.isIgnorable(scalar) || Unistring.isIn(.controls, scalar) {
      return .disallowed
    }
    if Unistring.hasCompatibilityEquivalent(scalar) { return .freeformOnly }
    if Unistring.isIn(.letterDigits, scalar) { return .valid }
    if Unistring.isIn(.freeform, scalar) || Unistring.isIn(.spaces, scalar) { return .freeformOnly }
    return .disallowed
  }

  /// Exceptions (RFC 5892, section 2.6).
  private static func exception(_ scalar: UInt32) -> DerivedProperty? {
    switch scalar {
    case 0xDF, 0x3C2, 0x6FD, 0x6FE, 0xF0B, 0x3007: .valid
    case 0xB7, 0x375, 0x5F3, 0x5F4, 0x30FB, 0x660...0x669, 0x6F0...0x6F9: .contextual
    case 0x640, 0x7FA, 0x302E, 0x302F, 0x3031...0x3035, 0x303B: .disallowed
    default: nil
    }
  }

  /// Hangul_Syllable_Type L, V or T (RFC 8264, section 9.9).
  private static func isOldHangulJamo(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0x1100...0x11FF, 0xA960...0xA97C, 0xD7B0...0xD7C6, 0xD7CB...0xD7FB: true
    default: false
    }
  }
}
