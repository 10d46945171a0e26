public import MQTT

/// One subscription of an in connection.
public struct MQTTSubscription: Sendable, Hashable {
  /// The filter.
  public var filter: TopicFilter
  /// What deliveries for this subscription carry under MQTT 5. By default it follows from the filter's text, so that it
  /// is the same after a restart: messages that waited in the session carry the old one.
  public var identifier: UInt32
  /// The highest QoS of a delivery. Never 2: libmosquitto acknowledges QoS 2 before it hands the message over.
  public var qos: QoS

  /// A subscription; QoS 2 becomes 1.
  public init(_ filter: TopicFilter, identifier: UInt32? = nil, qos: QoS = .atLeastOnce) {
    self.filter = filter
    self.identifier = identifier ?? filter.subscriptionIdentifier
    self.qos = min(qos, .atLeastOnce)
  }
}

/// An in connection: a session of its own at the broker, which keeps what we have not acknowledged.
public struct MQTTInbound: Sendable, Hashable {
  /// Client identifier: the name of the session.
  public var clientID: String
  /// What to subscribe to.
  public var subscriptions: [MQTTSubscription]
  /// The filters that `MQTTInboundHandler.subscribed` reported last, in this process or an earlier one: those that are
  /// no longer wanted are unsubscribed.
  public var filtersOnRecord: [String]
  /// So many messages may be read and not acknowledged.
  public var holdMessages: Int

  /// An in connection.
  public init(
    clientID: String, subscriptions: [MQTTSubscription], filtersOnRecord: [String] = [], holdMessages: Int = 16
  ) {
    self.clientID = clientID
    self.subscriptions = subscriptions
    self.filtersOnRecord = filtersOnRecord
    self.holdMessages = holdMessages
  }
}

/// Names an in connection of a service.
public struct MQTTInboundID: Sendable, Hashable {
  let number: UInt32
}
