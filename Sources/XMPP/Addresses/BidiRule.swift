import CUnistring

/// The Bidi Rule of RFC 5893, section 2.
enum BidiRule {
  /// Whether a text holds a right-to-left character: one of bidi class R, AL or AN.
  static func concerns(_ scalars: some Sequence<UInt32>) -> Bool {
    scalars.contains { scalar in
      switch bidiClass(scalar) {
      case UC_BIDI_R, UC_BIDI_AL, UC_BIDI_AN: true
      default: false
      }
    }
  }

  /// Whether a label, or a user name, satisfies all six conditions.
  static func accepts(_ scalars: some BidirectionalCollection<UInt32>) -> Bool {
    guard let first = scalars.first else { return true }
    let last = scalars.last { bidiClass($0) != UC_BIDI_NSM }.map(bidiClass)
    switch bidiClass(first) {  // Condition 1
    case UC_BIDI_R, UC_BIDI_AL: return acceptsRightToLeft(scalars, last: last)
    case UC_BIDI_L: return acceptsLeftToRight(scalars, last: last)
    default: return false
    }
  }

  /// Conditions 2, 3 and 4.
  private static func acceptsRightToLeft(_ scalars: some Sequence<UInt32>, last: Int?) -> Bool {
    var european = false
    var arabic = false
    for scalar in scalars {
      switch bidiClass(scalar) {
      case UC_BIDI_EN: european = true
      case UC_BIDI_AN: arabic = true
      case UC_BIDI_R, UC_BIDI_AL, UC_BIDI_ES, UC_BIDI_CS, UC_BIDI_ET, UC_BIDI_ON, UC_BIDI_BN, UC_BIDI_NSM: continue
      default: return false
      }
    }
    guard !(european && arabic) else { return false }
    switch last {
    case UC_BIDI_R, UC_BIDI_AL, UC_BIDI_EN, UC_BIDI_AN: return true
    default: return false
    }
  }

  /// Conditions 5 and 6.
  private static func acceptsLeftToRight(_ scalars: some Sequence<UInt32>, last: Int?) -> Bool {
    for scalar in scalars {
      switch bidiClass(scalar) {
      case UC_BIDI_L, UC_BIDI_EN, UC_BIDI_ES, UC_BIDI_CS, UC_BIDI_ET, UC_BIDI_ON, UC_BIDI_BN, UC_BIDI_NSM: continue
      default: return false
      }
    }
    return last == UC_BIDI_L || last == UC_BIDI_EN
  }

  private static func bidiClass(_ scalar: UInt32) -> Int {
    Int(uc_bidi_class(scalar))
  }
}
