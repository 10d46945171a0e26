/// A message that the broker has delivered to us.
public struct InboundPublish: Sendable, Hashable {
  /// Its number among all that this client has read, 1, 2, 3 …, going on over reconnects. A message that the broker
  /// delivers again gets a new one.
  public var index: UInt64
  /// Packet Identifier; 0 for QoS 0. A broker keeps it when it delivers again in the same session.
  public var packetID: UInt16
  /// The topic.
  public var topic: String
  /// The payload.
  public var payload: [UInt8]
  /// The QoS of the delivery: the lower of the publish's and the subscription's.
  public var qos: QoS
  /// RETAIN flag: an old value that the broker kept, not something that happens now.
  public var retain: Bool
  /// Properties; empty under MQTT 3.1.1.
  public var properties: PublishProperties

  /// A delivery.
  public init(
    index: UInt64, packetID: UInt16, topic: String, payload: [UInt8], qos: QoS, retain: Bool = false,
    properties: PublishProperties = PublishProperties()
  ) {
    self.index = index
    self.packetID = packetID
    self.topic = topic
    self.payload = payload
    self.qos = qos
    self.retain = retain
    self.properties = properties
  }
}
