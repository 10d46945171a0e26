import BridgeConfig

/// Connects to servers once, to see what they offer. Nothing is sent but what a login needs, and nothing is kept.
protocol ConnectionProbe: Sendable {
  /// Connects to the broker as the bridge would, under a client id of its own.
  func broker(_ configuration: BridgeConfiguration) async -> BrokerProbe

  /// Logs in to an account as the bridge would, under a resource of its own.
  func account(_ account: AccountConfiguration) async -> AccountProbe
}

/// How an attempt to log in ended.
enum ProbeOutcome: Sendable, Equatable {
  /// The server let us in.
  case loggedIn
  /// The server answered and did not let us in; why, as a sentence.
  case refused(String)
  /// There was no server to answer, or none that could be trusted; why, as a sentence.
  case unreachable(String)
}

/// What is known of the broker.
struct BrokerProbe: Sendable, Equatable {
  var outcome: ProbeOutcome
  /// The MQTT version agreed upon: `5` or `3.1.1`.
  var protocolVersion: String?
  /// The highest QoS the broker takes.
  var maximumQoS: Int?
  /// Whether the broker keeps retained messages.
  var retains: Bool?
}

/// What is known of an account's server; what was not found out is nil.
struct AccountProbe: Sendable, Equatable {
  var outcome: ProbeOutcome
  /// Where the server was found: `127.0.0.1:5222`.
  var address: String?
  /// The TLS version: `TLSv1.3`.
  var tls: String?
  /// The SASL mechanisms offered, as the server orders them.
  var mechanisms: [String] = []
  /// Stream management (XEP-0198).
  var streamManagement: Bool?
  /// Message archive (XEP-0313).
  var archive: Bool?
  /// HTTP file upload (XEP-0363).
  var upload: Bool?
  /// Message carbons (XEP-0280).
  var carbons: Bool?
}
