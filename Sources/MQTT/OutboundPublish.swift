/// A message that we publish.
public struct OutboundPublish: Sendable, Hashable {
  /// The caller's own number; the answer carries it.
  public var token: UInt64
  /// Topic, RETAIN flag and properties, not checked yet.
  public let header: PublishHeader
  /// The payload.
  public var payload: [UInt8]
  /// The QoS.
  public var qos: QoS
  /// Message Expiry Interval in seconds; takes the place of the header's.
  public var messageExpiry: UInt32?

  /// A publish. Properties are left out under MQTT 3.1.1.
  public init(
    token: UInt64, topic: String, payload: [UInt8], qos: QoS = .atLeastOnce, retain: Bool = false,
    properties: PublishProperties = PublishProperties()
  ) {
    self.init(
      token: token, header: PublishHeader(topic: topic, qos: qos, retain: retain, properties: properties),
      payload: payload, qos: qos)
  }

  /// A publish with a header that is there already.
  public init(token: UInt64, header: PublishHeader, payload: [UInt8], qos: QoS) {
    self.token = token
    self.header = header
    self.payload = payload
    self.qos = qos
  }

  /// The topic.
  public var topic: String { header.topic }

  /// RETAIN flag: the broker keeps it as the topic's value.
  public var retain: Bool { header.retain }

  /// The properties as they go out.
  public var properties: PublishProperties {
    var properties = header.properties
    properties.messageExpiry = messageExpiry ?? properties.messageExpiry
    return properties
  }
}

/// What a topic's retained value shall be. A later one for the same topic takes the place of one that waits.
public struct RetainedState: Sendable, Hashable {
  /// The topic, not checked yet.
  public var topic: String
  /// The value; empty clears the topic.
  public var payload: [UInt8]
  /// Properties; left out under MQTT 3.1.1.
  public var properties: PublishProperties
  /// Given: the answer carries it when this value, or one that took its place, has reached the broker.
  public var token: UInt64?

  /// A value.
  public init(
    topic: String, payload: [UInt8], properties: PublishProperties = PublishProperties(), token: UInt64? = nil
  ) {
    self.topic = topic
    self.payload = payload
    self.properties = properties
    self.token = token
  }
}

/// What became of a publish, for good: there is one for every token, however often it had to be sent.
public enum PublishOutcome: Sendable, Hashable {
  /// The broker has it: PUBACK or PUBCOMP with this code. For QoS 0: it was handed to the socket.
  case accepted(ReasonCode)
  /// The broker refuses it, whatever we do.
  case refused(ReasonCode)
  /// It cannot be sent: the reason, a sentence.
  case invalid(String)
  /// The broker closed the connection on it, alone in flight, after it had been in flight on three connections that the
  /// broker closed.
  case poison
  /// QoS 0, and there is no connection.
  case dropped
}

/// The answer to a publish.
public struct PublishResult: Sendable, Hashable {
  /// The token of the publish.
  public var token: UInt64
  /// What became of it.
  public var outcome: PublishOutcome

  /// An answer.
  public init(token: UInt64, outcome: PublishOutcome) {
    self.token = token
    self.outcome = outcome
  }

  /// Why it was refused for good, as a sentence; nil if it was not.
  public var refusal: String? {
    switch outcome {
    case .accepted, .dropped: nil
    case .refused(let code): "the broker refuses it: \(code)"
    case .invalid(let reason): reason
    case .poison: "the broker closed the connection each time it was sent (poison)"
    }
  }
}
