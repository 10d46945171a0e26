/// Reads `mqtt.url`. The messages of its misfits never repeat the whole text: it may hold a password.
enum BrokerURL {
  static let example = #"url = "mqtt://127.0.0.1:1883""#

  /// The longest path a Unix socket can have (`sun_path` less its zero byte).
  private static let socketPathLimit = 107

  static func parse(_ text: String) throws(Misfit) -> MQTTEndpoint {
    guard let separator = text.firstRange(of: "://") else { throw .content("is no URL; write \(example)") }
    let rest = text[separator.upperBound...]
    switch text[..<separator.lowerBound].lowercased() {
    case "mqtt":
      let (host, port) = try authority(rest, scheme: "mqtt", defaultPort: 1883)
      return .tcp(host: host, port: port)
    case "mqtts":
      let (host, port) = try authority(rest, scheme: "mqtts", defaultPort: 8883)
      return .tls(host: host, port: port)
    case "unix":
      return .unix(path: try socketPath(rest))
    case "tcp": throw .content("has the scheme tcp://; write mqtt://")
    case "ssl", "tls": throw .content("has no scheme for TLS that is known; write mqtts://")
    case "ws", "wss", "http", "https":
      throw .content("is for WebSocket, which is not supported; use mqtt://, mqtts:// or unix://")
    case let scheme: throw .content("has the unknown scheme \(Quoted(scheme)); use mqtt://, mqtts:// or unix://")
    }
  }

  private static func socketPath(_ text: Substring) throws(Misfit) -> String {
    guard text.hasPrefix("/"), text.count > 1 else {
      throw .content("has no absolute path; write url = \"unix:///run/mosquitto/mosquitto.sock\"")
    }
    guard text.utf8.count <= socketPathLimit else {
      throw .content("has a path of \(text.utf8.count) bytes; a socket's path has at most \(socketPathLimit)")
    }
    return String(text)
  }

  /// `host`, `host:port`, `[address]:port`, with a slash behind it if need be.
  private static func authority(
    _ text: Substring, scheme: String, defaultPort: UInt16
  ) throws(Misfit) -> (host: String, port: UInt16) {
    guard !text.contains("@") else {
      throw .content("holds user info; leave it out and write username and password_file")
    }
    let authority = text.hasSuffix("/") ? text.dropLast() : text
    guard !authority.contains(where: { "/?#".contains($0) }) else {
      throw .content("goes on behind host and port; write \(scheme)://HOST:\(defaultPort)")
    }
    let (host, port) = try split(authority, example: "\(scheme)://[::1]:\(defaultPort)")
    guard !host.isEmpty else { throw .content("has no host; write \(example)") }
    guard HostName.isValid(String(host)) else {
      throw .content("has the host \(Quoted(host)), which is no name or address; write \(example)")
    }
    guard let port else { return (String(host), defaultPort) }
    guard port.utf8.first != UInt8(ascii: "+"), let number = UInt16(port), number > 0 else {
      throw .content("has the port \(Quoted(port)); a port is a number from 1 to 65535")
    }
    return (String(host), number)
  }

  /// Takes host and port apart, and an IPv6 address out of its brackets.
  private static func split(
    _ authority: Substring, example: String
  ) throws(Misfit) -> (host: Substring, port: Substring?) {
    guard authority.hasPrefix("[") else {
      let parts = authority.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else { return (authority, nil) }
      guard !parts[1].contains(":") else {
        throw .content("has an IPv6 address without brackets; write \(example)")
      }
      return (parts[0], parts[1])
    }
    guard let end = authority.firstIndex(of: "]") else { throw .content("has a [ without a ]; write \(example)") }
    let host = authority[..<end].dropFirst()
    let behind = authority[authority.index(after: end)...]
    guard HostName.isIPv6(String(host)), behind.isEmpty || behind.hasPrefix(":") else {
      throw .content("has no IPv6 address in its brackets; write \(example)")
    }
    return (host, behind.isEmpty ? nil : behind.dropFirst())
  }
}
