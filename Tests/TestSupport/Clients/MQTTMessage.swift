/// A publish as a test client sends or receives it.
public struct MQTTMessage: Sendable, Equatable, CustomStringConvertible {
  /// The properties of MQTT 5 §3.3.2.3 that a test looks at.
  public struct Properties: Sendable, Equatable {
    /// Content Type.
    public var contentType: String?
    /// Payload Format Indicator: true for UTF-8.
    public var isUTF8 = false
    /// Message Expiry Interval in seconds.
    public var expiry: UInt32?
    /// Response Topic.
    public var responseTopic: String?
    /// Correlation Data.
    public var correlationData: [UInt8]?
    /// User Properties in order.
    public var user: [UserProperty] = []
    /// Subscription Identifiers that a received message carries.
    public var subscriptionIdentifiers: [UInt32] = []

    /// None of them.
    public init() {}

    /// The value of the first user property of that name.
    public func user(_ name: String) -> String? { user.first { $0.name == name }?.value }
  }

  /// A name and a value.
  public struct UserProperty: Sendable, Equatable {
    /// The name; it may repeat.
    public var name: String
    /// The value.
    public var value: String

    /// A user property.
    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// The topic name.
  public var topic: String
  /// The payload.
  public var payload: [UInt8]
  /// 0, 1 or 2.
  public var qos: Int
  /// The retain flag.
  public var retain: Bool
  /// MQTT 5 properties; nothing under 3.1.1.
  public var properties: Properties

  /// A publish.
  public init(
    _ topic: String, _ payload: [UInt8], qos: Int = 1, retain: Bool = false, properties: Properties = Properties()
  ) {
    self.topic = topic
    self.payload = payload
    self.qos = qos
    self.retain = retain
    self.properties = properties
  }

  /// A publish of text.
  public init(
    _ topic: String, _ text: String, qos: Int = 1, retain: Bool = false, properties: Properties = Properties()
  ) {
    self.init(topic, Array(text.utf8), qos: qos, retain: retain, properties: properties)
  }

  /// Whether a topic filter (MQTT 5 §4.7) covers a topic.
  static func topic(_ topic: String, matches filter: String) -> Bool {
    let levels = topic.split(separator: "/", omittingEmptySubsequences: false)
    let patterns = filter.split(separator: "/", omittingEmptySubsequences: false)
    if patterns.last == "#" {
      guard levels.count >= patterns.count - 1 else { return false }
    } else if levels.count != patterns.count {
      return false
    }
    return zip(levels, patterns).allSatisfy { level, pattern in pattern == "#" || pattern == "+" || pattern == level }
  }

  /// The payload as text.
  public var text: String { String(decoding: payload, as: UTF8.self) }

  /// For people.
  public var description: String { "\(topic)\(retain ? " (retained)" : ""): \(text)" }
}
