public import MQTT

/// What a CONNACK has told.
public struct MQTTConnected: Sendable, Hashable {
  /// The version in use.
  public var version: MQTTVersion
  /// The broker had our session: what was unacknowledged comes again.
  public var sessionPresent: Bool
  /// Index that the next message read will have; for an out connection always 1.
  public var nextIndex: UInt64
  /// The Keep Alive in force, which is the broker's if it gave one; zero: off.
  public var keepalive: Duration
  /// Maximum Packet Size in bytes, if the broker told one.
  public var maximumPacketSize: UInt32?
  /// The highest QoS that the broker takes from us; nil under MQTT 3.1.1, where no broker says.
  public var maximumQoS: QoS?
  /// Whether the broker keeps retained messages; nil under MQTT 3.1.1, where no broker says.
  public var keepsRetained: Bool?
  /// Deliveries carry Subscription Identifiers. If not, filters that overlap are subscribed to as one that covers them,
  /// and what a delivery is for has to be found by its topic.
  public var deliversIdentifiers: Bool

  init(
    _ acceptance: MosquittoHandle.Acceptance, version: MQTTVersion, nextIndex: UInt64, keepalive: Duration,
    deliversIdentifiers: Bool
  ) {
    self.version = version
    self.nextIndex = nextIndex
    self.keepalive = keepalive
    self.deliversIdentifiers = deliversIdentifiers
    sessionPresent = acceptance.sessionPresent
    maximumPacketSize = acceptance.maximumPacketSize
    if version == .v5 { (maximumQoS, keepsRetained) = (acceptance.limits.maximumQoS, acceptance.keepsRetained) }
  }
}

/// Told about a connection's life. Called in a turn of the MQTT side: do not block, hand over and return.
public protocol MQTTConnectionHandler: AnyObject, Sendable {
  /// The broker accepted the connection.
  func connected(_ connection: MQTTConnected)
  /// The connection ended, or an attempt failed. Called for every attempt.
  /// - Parameter retryIn: when the next attempt is made; nil: none is.
  func disconnected(_ reason: MQTTDisconnectReason, retryIn: Duration?)
}

/// Takes what an in connection delivers. Called in a turn of the MQTT side: do not block, hand over and return.
public protocol MQTTInboundHandler: MQTTConnectionHandler {
  /// Messages, in the order of the broker. They are acknowledged after `MQTTService.release` has covered them. The first
  /// may come before `MQTTService.addInbound` has returned the name to release them by: hand them to the thread that
  /// called it.
  func received(_ batch: [InboundPublish])
  /// The broker has answered all SUBSCRIBE and UNSUBSCRIBE packets: the session now has exactly these filters. Keep them
  /// for `MQTTInbound.filtersOnRecord`.
  /// - Parameter refused: filters that it will not let us have, and why. They are asked for again on the next connection.
  func subscribed(_ filters: [String], refused: [String: ReasonCode])
}

/// Takes the answers to publishes. Called in a turn of the MQTT side: do not block, hand over and return.
public protocol MQTTOutboundHandler: AnyObject, Sendable {
  /// What became of publishes: exactly one answer for each.
  func published(_ results: [PublishResult])
}
