internal import CUnistring

/// The form of a domain that the DNS and certificates use.
enum AsciiDomain {
  /// The A-label form (RFC 5891) of a domain in the normal form of addresses; nil if it has none. What is in ASCII
  /// already stays as it is.
  static func name(_ domain: String) -> String? {
    if domain.utf8.allSatisfy({ $0 < 0x80 }) { return domain }
    var output: UnsafeMutablePointer<CChar>?
    let flags = CInt(IDN2_NFC_INPUT.rawValue | IDN2_NONTRANSITIONAL.rawValue)
    guard unsafe idn2_to_ascii_8z(domain, &output, flags) == IDN2_OK.rawValue, let output = unsafe output else {
      return nil
    }
    defer { unsafe idn2_free(output) }
    return unsafe String(cString: output)
  }

  /// The address in a domain that is one: IPv6 without its brackets, or IPv4; nil for a name.
  static func address(_ domain: String) -> String? {
    if domain.hasPrefix("["), domain.hasSuffix("]") { return String(domain.dropFirst().dropLast()) }
    let parts = domain.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil } ? domain : nil
  }
}
