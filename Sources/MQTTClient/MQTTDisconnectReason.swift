public import MQTT

/// Why a connection to the broker ended or did not come about.
public enum MQTTDisconnectReason: Error, Sendable, Hashable, CustomStringConvertible {
  /// No connection: the name does not resolve, nobody listens, nothing answers. A sentence.
  case unreachable(String)
  /// TLS failed: our files, the broker's certificate, or the protocol. A sentence.
  case tls(String)
  /// CONNACK: the user name or password is wrong.
  case badCredentials
  /// CONNACK: this client may not connect.
  case notAuthorized
  /// CONNACK with another code.
  case refused(ReasonCode)
  /// There was no CONNACK in time.
  case noAnswer
  /// The broker closed the connection, or the network did, without a word.
  case closedByPeer
  /// The broker sent DISCONNECT.
  case closedByBroker(ReasonCode)
  /// The broker did not answer PINGREQ.
  case keepaliveExpired
  /// The broker sent what MQTT forbids. A sentence.
  case protocolViolation(String)
  /// The system or the library failed us. A sentence.
  case system(String)
  /// We wanted it: the connection was suspended.
  case suspended
  /// We wanted it: the connection was removed, or the service was stopped.
  case left

  /// A sentence for people.
  public var description: String {
    switch self {
    case .unreachable(let text): "the broker is unreachable: \(text)"
    case .tls(let text): "TLS: \(text)"
    case .badCredentials: "the broker refuses the user name or password"
    case .notAuthorized: "the broker does not authorise this client"
    case .refused(let code): "the broker refuses the connection: \(code)"
    case .noAnswer: "the broker accepted the connection and did not answer CONNECT"
    case .closedByPeer: "the connection was closed"
    case .closedByBroker(let code): "the broker closed the connection: \(code)"
    case .keepaliveExpired: "the broker did not answer in time (keepalive)"
    case .protocolViolation(let text): "the broker broke the protocol: \(text)"
    case .system(let text): text
    case .suspended: "suspended"
    case .left: "left"
    }
  }

  init(connectRefusal code: ReasonCode) {
    switch code {
    case .badUserNameOrPassword, .badAuthenticationMethod: self = .badCredentials
    case .notAuthorized, .banned: self = .notAuthorized
    default: self = .refused(code)
    }
  }

  /// The login was refused: trying again soon is of no use.
  var isLoginRefusal: Bool {
    switch self {
    case .badCredentials, .notAuthorized, .refused(.clientIdentifierNotValid): true
    default: false
    }
  }

  /// The broker ended it, for a reason that may lie in a packet of ours.
  var blamesPacket: Bool {
    switch self {
    case .closedByPeer: true
    case .closedByBroker(let code): code.blamesPacket
    default: false
    }
  }
}
