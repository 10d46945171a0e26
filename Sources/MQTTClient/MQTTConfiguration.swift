public import MQTT

/// How to reach the broker and what to be there.
public struct MQTTConfiguration: Sendable, Equatable {
  /// Where the broker is.
  public enum Endpoint: Sendable, Equatable {
    /// In the clear. An IPv6 address is without brackets.
    case tcp(host: String, port: UInt16)
    /// TLS 1.2 or later; the certificate has to be for `host`.
    case tls(host: String, port: UInt16, TLS)
    /// A Unix stream socket.
    case unix(path: String)
  }

  /// Whom to trust and who to be.
  public struct TLS: Sendable, Equatable {
    /// Path of a PEM file of roots that are trusted instead of the system's.
    public var caFile: String?
    /// Path of a PEM file with our certificate and its chain; only together with a key.
    public var clientCertificateFile: String?
    /// Path of a PEM file with the private key, not encrypted.
    public var clientKeyFile: String?

    /// By default the system's roots and no certificate of ours.
    public init(caFile: String? = nil, clientCertificateFile: String? = nil, clientKeyFile: String? = nil) {
      self.caFile = caFile
      self.clientCertificateFile = clientCertificateFile
      self.clientKeyFile = clientKeyFile
    }
  }

  /// What the broker publishes, retained and at QoS 1, when the out connection goes without a farewell; and what the
  /// farewell publishes.
  public struct Will: Sendable, Equatable {
    /// The topic.
    public var topic: String
    /// The value.
    public var payload: [UInt8]
    /// Properties; left out under MQTT 3.1.1.
    public var properties: PublishProperties

    /// A will.
    public init(topic: String, payload: [UInt8], properties: PublishProperties = PublishProperties()) {
      self.topic = topic
      self.payload = payload
      self.properties = properties
    }
  }

  /// Where the broker is.
  public var endpoint: Endpoint
  /// The version to begin with. From 5 we fall back to 3.1.1 when the broker refuses 5.
  public var version: MQTTVersion
  /// Client identifier of the out connection.
  public var outboundClientID: String
  /// User name; nil sends none.
  public var username: String?
  /// Password; only with a user name.
  public var password: String?
  /// Keep Alive: whole seconds, zero (off) or at least five. MQTT 5 brokers may put their own in its place.
  public var keepalive: Duration
  /// Session Expiry Interval of the in connections: whole seconds (MQTT 5 only).
  public var sessionExpiry: Duration
  /// The will of the out connection.
  public var will: Will?
  /// Receive Maximum of the in connections: so many unacknowledged messages the broker may have under way (MQTT 5 only).
  public var receiveMaximum: UInt16
  /// So many publishes of ours are in flight at most; the broker may allow fewer.
  public var window: Int
  /// From the TCP connection to the CONNACK it may take so long.
  public var handshakeTimeout: Duration

  /// A configuration with the usual values where nothing else is given.
  public init(
    endpoint: Endpoint, version: MQTTVersion = .v5, outboundClientID: String, username: String? = nil,
    password: String? = nil, keepalive: Duration = .seconds(60), sessionExpiry: Duration = .seconds(7 * 86_400),
    will: Will? = nil, receiveMaximum: UInt16 = 100, window: Int = 100, handshakeTimeout: Duration = .seconds(15)
  ) {
    self.endpoint = endpoint
    self.version = version
    self.outboundClientID = outboundClientID
    self.username = username
    self.password = password
    self.keepalive = keepalive
    self.sessionExpiry = sessionExpiry
    self.will = will
    self.receiveMaximum = receiveMaximum
    self.window = window
    self.handshakeTimeout = handshakeTimeout
  }
}
