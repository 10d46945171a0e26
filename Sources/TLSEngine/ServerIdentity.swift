import COpenSSL

/// The name that a server's certificate must hold (RFC 9525 §6).
enum ServerIdentity: Equatable {
  case dnsName(String)
  case address(String)

  /// Reads a domain name in ASCII (one trailing dot is dropped) or an IP address (an IPv6 one may be in brackets, as in
  /// JIDs).
  init(_ text: String) throws(TLSError) {
    var name = text
    if name.first == "[", name.last == "]" { name = String(name.dropFirst().dropLast()) }
    if name.last == "." { name.removeLast() }
    let plain = name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    guard plain, !name.isEmpty, name.utf8.count <= 253 else {
      throw .configuration("\"\(text)\" is not a server name in ASCII")
    }
    let isAddress = name.utf8.contains(UInt8(ascii: ":")) || name.allSatisfy { $0 == "." || $0.isASCIIDigit }
    self = isAddress ? .address(name) : .dnsName(name)
  }

  /// Makes the verification of `ssl` check the name, and the client hello carry it where it may (RFC 6066 §3: never an
  /// address).
  func expect(in ssl: OpaquePointer) -> Bool {
    let parameters = unsafe SSL_get0_param(ssl)
    return switch self {
    case .dnsName(let name):
      unsafe X509_VERIFY_PARAM_set1_host(parameters, name, name.utf8.count) == 1
        && copenssl_set_server_name_indication(ssl, name) != 0
    case .address(let address):
      unsafe X509_VERIFY_PARAM_set1_ip_asc(parameters, address) == 1
    }
  }
}

extension Character {
  fileprivate var isASCIIDigit: Bool { ("0"..."9").contains(self) }
}
