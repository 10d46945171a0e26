/// An MQTT 5 reason code (§2.4). Return codes of a 3.1.1 CONNACK are translated to the code of the same meaning.
public struct ReasonCode: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
  /// The byte on the wire.
  public let rawValue: UInt8

  /// Any byte: codes that no version defines are kept as they are.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The return code of a 3.1.1 CONNACK (§3.2.2.3).
  public init(connectReturnCode code: UInt8) {
    switch code {
    case 0: self = .success
    case 1: self = .unsupportedProtocolVersion
    case 2: self = .clientIdentifierNotValid
    case 3: self = .serverUnavailable
    case 4: self = .badUserNameOrPassword
    case 5: self = .notAuthorized
    default: self.init(rawValue: code)
    }
  }

  /// Whether the operation failed: 0x80 and above.
  public var isError: Bool { rawValue >= 0x80 }

  /// Whether the broker will refuse this publish however often it is repeated: it is not allowed, its topic is not
  /// accepted, it is too large, or its payload is not what its properties say.
  public var refusesForGood: Bool {
    switch self {
    case .notAuthorized, .topicNameInvalid, .packetTooLarge, .payloadFormatInvalid: true
    default: false
    }
  }

  /// Whether a DISCONNECT with this code can be the fault of what we sent, rather than of the server's own affairs.
  public var blamesPacket: Bool {
    switch self {
    case .malformedPacket, .protocolError, .implementationSpecificError, .unspecifiedError, .topicFilterInvalid,
      .topicNameInvalid, .receiveMaximumExceeded, .topicAliasInvalid, .packetTooLarge, .messageRateTooHigh,
      .quotaExceeded, .payloadFormatInvalid, .retainNotSupported, .qosNotSupported, .notAuthorized:
      true
    default: false
    }
  }

  /// The specification's name of the code, and its number.
  public var description: String {
    let hex = String(rawValue, radix: 16, uppercase: true)
    let number = "0x" + (hex.utf8.count < 2 ? "0" : "") + hex
    guard let name = Self.names[rawValue] else { return number }
    return "\(name) (\(number))"
  }
}

extension ReasonCode {
  /// 0x00.
  public static let success = ReasonCode(rawValue: 0x00)
  /// 0x10: accepted; nobody is subscribed.
  public static let noMatchingSubscribers = ReasonCode(rawValue: 0x10)
  /// 0x80.
  public static let unspecifiedError = ReasonCode(rawValue: 0x80)
  /// 0x81.
  public static let malformedPacket = ReasonCode(rawValue: 0x81)
  /// 0x82.
  public static let protocolError = ReasonCode(rawValue: 0x82)
  /// 0x83.
  public static let implementationSpecificError = ReasonCode(rawValue: 0x83)
  /// 0x84.
  public static let unsupportedProtocolVersion = ReasonCode(rawValue: 0x84)
  /// 0x85.
  public static let clientIdentifierNotValid = ReasonCode(rawValue: 0x85)
  /// 0x86.
  public static let badUserNameOrPassword = ReasonCode(rawValue: 0x86)
  /// 0x87.
  public static let notAuthorized = ReasonCode(rawValue: 0x87)
  /// 0x88.
  public static let serverUnavailable = ReasonCode(rawValue: 0x88)
  /// 0x89.
  public static let serverBusy = ReasonCode(rawValue: 0x89)
  /// 0x8A.
  public static let banned = ReasonCode(rawValue: 0x8A)
  /// 0x8B.
  public static let serverShuttingDown = ReasonCode(rawValue: 0x8B)
  /// 0x8C.
  public static let badAuthenticationMethod = ReasonCode(rawValue: 0x8C)
  /// 0x8D.
  public static let keepAliveTimeout = ReasonCode(rawValue: 0x8D)
  /// 0x8E: another client has connected with our client identifier.
  public static let sessionTakenOver = ReasonCode(rawValue: 0x8E)
  /// 0x8F.
  public static let topicFilterInvalid = ReasonCode(rawValue: 0x8F)
  /// 0x90.
  public static let topicNameInvalid = ReasonCode(rawValue: 0x90)
  /// 0x93.
  public static let receiveMaximumExceeded = ReasonCode(rawValue: 0x93)
  /// 0x94.
  public static let topicAliasInvalid = ReasonCode(rawValue: 0x94)
  /// 0x95.
  public static let packetTooLarge = ReasonCode(rawValue: 0x95)
  /// 0x96.
  public static let messageRateTooHigh = ReasonCode(rawValue: 0x96)
  /// 0x97.
  public static let quotaExceeded = ReasonCode(rawValue: 0x97)
  /// 0x99.
  public static let payloadFormatInvalid = ReasonCode(rawValue: 0x99)
  /// 0x9A.
  public static let retainNotSupported = ReasonCode(rawValue: 0x9A)
  /// 0x9B.
  public static let qosNotSupported = ReasonCode(rawValue: 0x9B)

  private static let names: [UInt8: String] = [
    0x00: "Success", 0x01: "Granted QoS 1", 0x02: "Granted QoS 2", 0x10: "No matching subscribers",
    0x11: "No subscription existed", 0x80: "Unspecified error", 0x81: "Malformed Packet", 0x82: "Protocol Error",
    0x83: "Implementation specific error", 0x84: "Unsupported Protocol Version",
    0x85: "Client Identifier not valid", 0x86: "Bad User Name or Password", 0x87: "Not authorized",
    0x88: "Server unavailable", 0x89: "Server busy", 0x8A: "Banned", 0x8B: "Server shutting down",
    0x8C: "Bad authentication method", 0x8D: "Keep Alive timeout", 0x8E: "Session taken over",
    0x8F: "Topic Filter invalid", 0x90: "Topic Name invalid", 0x91: "Packet Identifier in use",
    0x92: "Packet Identifier not found", 0x93: "Receive Maximum exceeded", 0x94: "Topic Alias invalid",
    0x95: "Packet too large", 0x96: "Message rate too high", 0x97: "Quota exceeded", 0x98: "Administrative action",
    0x99: "Payload format invalid", 0x9A: "Retain not supported", 0x9B: "QoS not supported",
    0x9C: "Use another server", 0x9D: "Server moved", 0x9E: "Shared Subscriptions not supported",
    0x9F: "Connection rate exceeded", 0xA0: "Maximum connect time",
    0xA1: "Subscription Identifiers not supported", 0xA2: "Wildcard Subscriptions not supported",
  ]
}
