/// A place to try: one host and port, and what is spoken there.
public struct XMPPEndpoint: Sendable, Hashable, CustomStringConvertible {
  /// Name or address of the host.
  public var host: String
  /// The TCP port.
  public var port: Int
  /// Whether TLS comes first (XEP-0368); otherwise the stream does, in which TLS is negotiated unless there is to be
  /// none.
  public var isDirectTLS: Bool

  /// A place to try.
  public init(host: String, port: Int, isDirectTLS: Bool) {
    self.host = host
    self.port = port
    self.isDirectTLS = isDirectTLS
  }

  /// For people: `xmpp.example.org:5223 (direct TLS)`.
  public var description: String {
    let place = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    return isDirectTLS ? place + " (direct TLS)" : place
  }
}

extension XMPPEndpoint {
  /// 5223 for direct TLS, which is a convention only, and 5222 otherwise.
  static func usualPort(isDirectTLS: Bool) -> Int { isDirectTLS ? 5223 : 5222 }

  /// Reads what servers send as a place to go to (`location` in XEP-0198 §3, `see-other-host` in RFC 6120 §4.9.3.19):
  /// `host`, `host:port`, `address`, `[address]:port`; nil if it is none of these.
  public init?(place: String, isDirectTLS: Bool) {
    var host = place[...]
    var port: Substring?
    if place.hasPrefix("[") {
      guard let bracket = place.firstIndex(of: "]") else { return nil }
      host = place[..<bracket].dropFirst()
      let rest = place[bracket...].dropFirst()
      guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
      if !rest.isEmpty { port = rest.dropFirst() }
    } else if let colon = place.firstIndex(of: ":"), place.lastIndex(of: ":") == colon {
      host = place[..<colon]
      port = place[colon...].dropFirst()
    }
    let isHost = host.utf8.allSatisfy { $0 > 0x20 && $0 != UInt8(ascii: "/") && $0 != 0x7F }
    guard !host.isEmpty, isHost else { return nil }
    var number = Self.usualPort(isDirectTLS: isDirectTLS)
    if let port {
      guard let given = UInt16(port), given > 0 else { return nil }
      number = Int(given)
    }
    self.init(host: String(host), port: number, isDirectTLS: isDirectTLS)
  }
}
