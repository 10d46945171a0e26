/// The domainpart of an address (RFC 7622, section 3.2).
enum DomainName {
  /// The most bytes an A-label may have (RFC 1034).
  static let labelLimit = 63

  /// The normal form: lower case, NFC, U-labels instead of A-labels, no final dot; a bracketed IPv6 address in lower
  /// case.
  static func normalized(_ text: String) throws(JIDError) -> String {
    if text.utf8.first == UInt8(ascii: "[") {
      return try addressLiteral(Array(text.utf8))
    }
    let mapped = Unistring.nfc(lowercased(text))
    var labels: [String] = []
    for label in mapped.split(separator: 0x2E, omittingEmptySubsequences: false) {
      labels.append(try normalized(label: label))
    }
    if labels.count > 1, labels.last?.isEmpty == true { labels.removeLast() }
    guard !labels.contains("") else { throw JIDError(.domainpart, .empty) }
    guard isWellDirected(labels) else { throw JIDError(.domainpart, .mixedDirections) }
    return labels.joined(separator: ".")
  }

  /// The mapping of RFC 5895: width, ideographic full stop, lower case.
  private static func lowercased(_ text: String) -> [UInt32] {
    var output: [UInt32] = []
    output.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      for narrow in Unistring.widthMapping(scalar.value) ?? [scalar.value] {
        Unistring.appendLowercase(narrow == 0x3002 ? 0x2E : narrow, to: &output)
      }
    }
    return output
  }

  /// A label in lower case and NFC; an empty one stays empty.
  private static func normalized(label scalars: ArraySlice<UInt32>) throws(JIDError) -> String {
    var label = ""
    for value in scalars {
      guard let scalar = Unicode.Scalar(value) else { throw JIDError(.domainpart, .invalidLabel(label)) }
      guard value >= 0x80 || isHostCharacter(UInt8(value)) else { throw JIDError(.domainpart, .forbidden(scalar)) }
      label.unicodeScalars.append(scalar)
    }
    let isASCII = label.utf8.allSatisfy { $0 < 0x80 }
    guard !isASCII || label.utf8.count <= labelLimit else { throw JIDError(.domainpart, .tooLong(limit: labelLimit)) }
    if isASCII, label.hasPrefix("xn--") {
      // An A-label is the name of exactly one U-label, or it is none.
      guard let unicode = Unistring.uLabel(of: label), try aLabel(of: unicode) == label else {
        throw JIDError(.domainpart, .invalidLabel(label))
      }
      return unicode
    }
    let isValid = isASCII ? isPlainLabel(Array(label.utf8)) : try aLabel(of: label) != nil
    guard isValid else { throw JIDError(.domainpart, .invalidLabel(label)) }
    return label
  }

  private static func aLabel(of label: String) throws(JIDError) -> String? {
    do {
      return try Unistring.aLabel(of: label)
    } catch {
      throw JIDError(.domainpart, .tooLong(limit: labelLimit))
    }
  }

  /// Letters, digits and hyphens.
  private static func isHostCharacter(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
    default: false
    }
  }

  /// Whether letters, digits and hyphens make a non-reserved label: no hyphen at an end, none third and fourth.
  private static func isPlainLabel(_ bytes: [UInt8]) -> Bool {
    let hyphen = UInt8(ascii: "-")
    guard bytes.first != hyphen, bytes.last != hyphen else { return false }
    return bytes.count < 4 || bytes[2] != hyphen || bytes[3] != hyphen
  }

  /// In a name with one right-to-left label, every label obeys the Bidi Rule (RFC 5893, section 2).
  private static func isWellDirected(_ labels: [String]) -> Bool {
    guard labels.contains(where: { $0.utf8.contains { $0 >= 0x80 } }) else { return true }
    let scalars = labels.map { $0.unicodeScalars.map(\.value) }
    return !scalars.contains(where: BidiRule.concerns) || scalars.allSatisfy { BidiRule.accepts($0) }
  }

  private static func addressLiteral(_ bytes: [UInt8]) throws(JIDError) -> String {
    guard bytes.last == UInt8(ascii: "]"), isIPv6(bytes[1..<(bytes.count - 1)]) else {
      throw JIDError(.domainpart, .invalidIPv6)
    }
    return String(decoding: bytes.map { (0x41...0x46).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
  }

  /// IPv6address of RFC 3986.
  static func isIPv6(_ bytes: ArraySlice<UInt8>) -> Bool {
    let colon = UInt8(ascii: ":")
    guard bytes.count >= 2, bytes.count <= 45 else { return false }
    let groups = bytes.split(separator: colon, omittingEmptySubsequences: false)
    var sixteens = 0
    var gaps = 0
    for (index, group) in groups.enumerated() {
      if group.isEmpty {
        // A colon at an end stands only as half of a double one, which makes the next group empty too.
        if index == 0 { guard groups[1].isEmpty else { return false } }
        if index == groups.count - 1 { guard groups[index - 1].isEmpty else { return false } }
        if index > 0, index < groups.count - 1 { gaps += 1 }
      } else if index == groups.count - 1, group.contains(UInt8(ascii: ".")) {
        guard isIPv4(group) else { return false }
        sixteens += 2
      } else {
        guard group.count <= 4, group.allSatisfy(isHexDigit) else { return false }
        sixteens += 1
      }
    }
    return gaps == 0 ? sixteens == 8 : gaps == 1 && sixteens <= 7
  }

  private static func isIPv4(_ bytes: ArraySlice<UInt8>) -> Bool {
    let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    return parts.count == 4
      && parts.allSatisfy { part in
        guard part.count == 1 || (part.count <= 3 && part.first != UInt8(ascii: "0")),
          let value = Int(String(decoding: part, as: UTF8.self)), part.allSatisfy({ (0x30...0x39).contains($0) })
        else { return false }
        return value <= 255
      }
  }

  private static func isHexDigit(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x46, 0x61...0x66: true
    default: false
    }
  }
}
