/// `[mqtt]`: the broker.
public struct MQTTSection: Sendable, Equatable {
  /// `url`: where the broker is.
  public var endpoint: MQTTEndpoint
  /// `protocol`: which version is spoken.
  public var protocolVersion: MQTTProtocolVersion
  /// `username`.
  public var username: String?
  /// `password`, `password_file` or `password_env`; only with a username.
  public var password: Secret?
  /// `ca_file`: the path of a PEM file of roots that are trusted instead of the system's.
  public var caFile: String?
  /// `client_cert`: the path of a PEM file with our certificate and its chain; only together with a key.
  public var clientCertificateFile: String?
  /// `client_key`: the path of a PEM file with the private key of our certificate.
  public var clientKeyFile: String?
  /// `keepalive`: whole seconds, zero (off) or at least five.
  public var keepalive: Duration
  /// `session_expiry`: how long the broker keeps our sessions while we are away; whole seconds.
  public var sessionExpiry: Duration

  /// A section with the defaults of the documentation where nothing else is given.
  public init(
    endpoint: MQTTEndpoint, protocolVersion: MQTTProtocolVersion = .v5, username: String? = nil,
    password: Secret? = nil, caFile: String? = nil, clientCertificateFile: String? = nil,
    clientKeyFile: String? = nil, keepalive: Duration = .seconds(60),
    sessionExpiry: Duration = .seconds(7 * 86_400)
  ) {
    self.endpoint = endpoint
    self.protocolVersion = protocolVersion
    self.username = username
    self.password = password
    self.caFile = caFile
    self.clientCertificateFile = clientCertificateFile
    self.clientKeyFile = clientKeyFile
    self.keepalive = keepalive
    self.sessionExpiry = sessionExpiry
  }
}

/// Where the broker is.
public enum MQTTEndpoint: Sendable, Hashable, CustomStringConvertible {
  /// `mqtt://host:port`: in the clear. An IPv6 address is without brackets.
  case tcp(host: String, port: UInt16)
  /// `mqtts://host:port`: TLS.
  case tls(host: String, port: UInt16)
  /// `unix:///path`: a Unix stream socket.
  case unix(path: String)

  /// The URL, with its port.
  public var description: String {
    switch self {
    case .tcp(let host, let port): "mqtt://\(Self.bracketed(host)):\(port)"
    case .tls(let host, let port): "mqtts://\(Self.bracketed(host)):\(port)"
    case .unix(let path): "unix://\(path)"
    }
  }

  private static func bracketed(_ host: String) -> String { host.contains(":") ? "[\(host)]" : host }
}

/// The MQTT versions the bridge speaks.
public enum MQTTProtocolVersion: String, Sendable, CaseIterable {
  /// MQTT 5, and 3.1.1 with a broker that refuses it.
  case v5 = "5"
  /// MQTT 3.1.1 only.
  case v311 = "3.1.1"
}
