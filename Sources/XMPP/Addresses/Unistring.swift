import CUnistring

/// What libunistring and libidn2 know about characters and labels, without pointers.
///
/// PRECIS, IDNA2008 and the Bidi Rule all ask here, so that all answers are of one version of Unicode.
enum Unistring {
  /// A set of general categories.
  struct Categories: OptionSet {
    let rawValue: UInt32

    private init(_ masks: Int...) {
      rawValue = masks.reduce(0) { $0 | UInt32($1) }
    }

    init(rawValue: UInt32) {
      self.rawValue = rawValue
    }

    /// LetterDigits (RFC 8264, section 9.1).
    static let letterDigits = Categories(
      UC_CATEGORY_MASK_Ll, UC_CATEGORY_MASK_Lu, UC_CATEGORY_MASK_Lo, UC_CATEGORY_MASK_Nd, UC_CATEGORY_MASK_Lm,
      UC_CATEGORY_MASK_Mn, UC_CATEGORY_MASK_Mc)
    /// OtherLetterDigits, Symbols and Punctuation (RFC 8264, sections 9.18, 9.15 and 9.16).
    static let freeform = Categories(
      UC_CATEGORY_MASK_Lt, UC_CATEGORY_MASK_Nl, UC_CATEGORY_MASK_No, UC_CATEGORY_MASK_Me,
      UC_CATEGORY_MASK_S, UC_CATEGORY_MASK_P)
    /// Spaces (RFC 8264, section 9.14).
    static let spaces = Categories(UC_CATEGORY_MASK_Zs)
    /// Controls (RFC 8264, section 9.12).
    static let controls = Categories(UC_CATEGORY_MASK_Cc)
    /// Unassigned code points, noncharacters included.
    static let unassigned = Categories(UC_CATEGORY_MASK_Cn)
  }

  /// Whether the general category of a code point is one of these.
  static func isIn(_ categories: Categories, _ scalar: UInt32) -> Bool {
    uc_is_general_category_withtable(scalar, categories.rawValue)
  }

  /// Whether the code point has the property Default_Ignorable_Code_Point or Noncharacter_Code_Point.
  static func isIgnorable(_ scalar: UInt32) -> Bool {
    uc_is_property_default_ignorable_code_point(scalar) || uc_is_property_not_a_character(scalar)
  }

  /// Whether NFKC changes the code point: HasCompat (RFC 8264, section 9.17).
  static func hasCompatibilityEquivalent(_ scalar: UInt32) -> Bool {
    guard decomposition(scalar) != nil else { return false }
    return normalized([scalar], compatibility: true) != [scalar]
  }

  /// The decomposition of a fullwidth or halfwidth code point, nil for others.
  static func widthMapping(_ scalar: UInt32) -> [UInt32]? {
    guard scalar >= 0x2000, let (tag, mapping) = decomposition(scalar) else { return nil }
    return Int(tag) == UC_DECOMP_WIDE || Int(tag) == UC_DECOMP_NARROW ? mapping : nil
  }

  /// The code point in lower case as Unicode's toLowercase gives it, without regard to context or language.
  static func appendLowercase(_ scalar: UInt32, to output: inout [UInt32]) {
    if scalar == 0x130 {  // The one code point whose full mapping is longer than its simple one: İ.
      output += [0x69, 0x307]
    } else {
      output.append(uc_tolower(scalar))
    }
  }

  /// Normalization Form C.
  static func nfc(_ scalars: [UInt32]) -> [UInt32] {
    normalized(scalars, compatibility: false)
  }

  /// Whether the canonical combining class of the code point is that of a virama.
  static func isVirama(_ scalar: UInt32) -> Bool {
    uc_combining_class(scalar) == Int32(UC_CCC_VR)
  }

  /// Whether the script of the code point is one of these.
  static func isInScript(_ names: [String], _ scalar: UInt32) -> Bool {
    names.contains { name in
      guard let script = unsafe uc_script_byname(name) else { return false }
      return unsafe uc_is_script(scalar, script)
    }
  }

  /// The A-label of a U-label, which must be valid for registration (RFC 5891, section 4); nil if it is not.
  static func aLabel(of label: String) throws(LabelTooLong) -> String? {
    let input = Array(label.utf8) + [0]
    var output: UnsafeMutablePointer<UInt8>?
    let status = unsafe idn2_register_u8(input, nil, &output, 0)
    guard status != IDN2_TOO_BIG_LABEL.rawValue, status != IDN2_PUNYCODE_BIG_OUTPUT.rawValue else {
      throw LabelTooLong()
    }
    guard status == IDN2_OK.rawValue, let output = unsafe output else { return nil }
    defer { unsafe idn2_free(output) }
    return unsafe String(cString: output)
  }

  /// The A-label form has more than 63 bytes.
  struct LabelTooLong: Error {}

  /// What the Punycode of an A-label stands for, valid or not; nil if it is no Punycode.
  static func uLabel(of label: String) -> String? {
    var output: UnsafeMutablePointer<CChar>?
    guard unsafe idn2_to_unicode_8z8z(label, &output, 0) == IDN2_OK.rawValue, let output = unsafe output else {
      return nil
    }
    defer { unsafe idn2_free(output) }
    return unsafe String(cString: output)
  }

  private static func decomposition(_ scalar: UInt32) -> (tag: Int32, mapping: [UInt32])? {
    var tag: Int32 = 0
    var count: Int32 = -1
    let mapping = unsafe [UInt32](unsafeUninitializedCapacity: Int(UC_DECOMPOSITION_MAX_LENGTH)) { buffer, filled in
      count = unsafe uc_decomposition(scalar, &tag, buffer.baseAddress)
      filled = Int(max(count, 0))
    }
    return count < 0 ? nil : (tag, mapping)
  }

  private static func normalized(_ scalars: [UInt32], compatibility: Bool) -> [UInt32] {
    guard scalars.contains(where: { $0 >= 0x80 }) else { return scalars }
    var count = 0
    let result =
      if compatibility {
        unsafe cunistring_nfkc(scalars, scalars.count, nil, &count)
      } else {
        unsafe cunistring_nfc(scalars, scalars.count, nil, &count)
      }
    // Null means that memory ran out: what is not normalised will not be accepted, for it is checked again.
    guard let result = unsafe result else { return [] }
    defer { unsafe cunistring_free(result) }
    return unsafe Array(UnsafeBufferPointer(start: result, count: count))
  }
}
