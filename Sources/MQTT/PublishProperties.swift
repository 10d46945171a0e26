/// A name and a value of the publisher's own (MQTT 5 §3.3.2.3.7). Names may repeat and their order is kept.
public struct UserProperty: Sendable, Hashable {
  /// The name.
  public var name: String
  /// The value.
  public var value: String

  /// A pair.
  public init(name: String, value: String) {
    self.name = name
    self.value = value
  }
}

/// The properties of a publish (MQTT 5 §3.3.2.3). On a 3.1.1 connection none arrive, and those of a publish are left out.
public struct PublishProperties: Sendable, Hashable {
  /// Content Type: a MIME type.
  public var contentType: String?
  /// Payload Format Indicator 1: the payload is UTF-8 text.
  public var payloadFormatUTF8: Bool
  /// Message Expiry Interval in seconds.
  public var messageExpiry: UInt32?
  /// Response Topic, as the publisher wrote it: not checked.
  public var responseTopic: String?
  /// Correlation Data.
  public var correlationData: [UInt8]?
  /// User Properties in their order.
  public var userProperties: [UserProperty]
  /// Subscription Identifiers of the subscriptions that a delivery is for; ignored in a publish of ours.
  public var subscriptionIdentifiers: [UInt32]

  /// The given properties; by default none.
  public init(
    contentType: String? = nil, payloadFormatUTF8: Bool = false, messageExpiry: UInt32? = nil,
    responseTopic: String? = nil, correlationData: [UInt8]? = nil, userProperties: [UserProperty] = [],
    subscriptionIdentifiers: [UInt32] = []
  ) {
    self.contentType = contentType
    self.payloadFormatUTF8 = payloadFormatUTF8
    self.messageExpiry = messageExpiry
    self.responseTopic = responseTopic
    self.correlationData = correlationData
    self.userProperties = userProperties
    self.subscriptionIdentifiers = subscriptionIdentifiers
  }
}
