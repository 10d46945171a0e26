import Glibc

/// A host as it may stand in the configuration: a DNS name or an address, without port and brackets.
enum HostName {
  /// Whether a resolver can be asked for it. Names in other scripts pass: the resolver knows how to ask for them.
  static func isValid(_ text: String) -> Bool {
    if text.contains(":") { return isIPv6(text) }
    return !text.isEmpty && text.utf8.count <= 253
      && text.unicodeScalars.allSatisfy {
        $0 == "." || $0 == "-" || $0 == "_" || (!$0.isASCII && $0.properties.isIDContinue) || isASCIIAlphanumeric($0)
      }
  }

  private static func isASCIIAlphanumeric(_ scalar: Unicode.Scalar) -> Bool {
    scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
  }

  /// Whether it can only mean this machine: 127.0.0.0/8, ::1 or localhost.
  static func isLoopback(_ text: String) -> Bool {
    if text.lowercased() == "localhost" { return true }
    if let address = ipv4(text) { return address >> 24 == 127 }
    return ipv6(text) == [UInt8](repeating: 0, count: 15) + [1]
  }

  /// An address that stands in brackets, as in a URL or a JID, without them; any other text as it is.
  static func withoutBrackets(_ text: String) -> String {
    text.hasPrefix("[") && text.hasSuffix("]") ? String(text.dropFirst().dropLast()) : text
  }

  static func isIPv6(_ text: String) -> Bool { ipv6(text) != nil }

  /// The address in host byte order.
  private static func ipv4(_ text: String) -> UInt32? {
    var address = in_addr()
    return inet_pton(AF_INET, text, &address) == 1 ? UInt32(bigEndian: address.s_addr) : nil
  }

  /// The sixteen bytes of an address, which may name a zone: `fe80::1%eth0`.
  private static func ipv6(_ text: String) -> [UInt8]? {
    var address = in6_addr()
    guard inet_pton(AF_INET6, String(text.prefix { $0 != "%" }), &address) == 1 else { return nil }
    return withUnsafeBytes(of: &address) { Array($0) }
  }
}
