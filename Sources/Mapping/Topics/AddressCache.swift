/// What the topics published to mean, remembered, so that a topic is read once and then looked up.
///
/// Two generations hold at most twice `capacity` topics: what is used stays young, what is not used goes with the old.
public struct AddressCache: Sendable {
  private let topics: EntityTopics
  private let capacity: Int
  private var young: [TopicKey: InboundAddress] = [:]
  private var old: [TopicKey: InboundAddress] = [:]

  /// An empty cache for the topics of an entity.
  public init(_ topics: EntityTopics, capacity: Int = 512) {
    self.topics = topics
    self.capacity = max(capacity, 1)
  }

  /// How many topics are remembered.
  public var count: Int { young.count + old.count }

  /// What a topic means, as ``EntityTopics/address(of:)`` says.
  public mutating func address(of topic: String) -> InboundAddress {
    let key = TopicKey(topic)
    if let known = young[key] { return known }
    let address = old.removeValue(forKey: key) ?? topics.address(of: topic)
    if young.count >= capacity {
      old = young
      young = [:]
    }
    young[key] = address
    return address
  }
}
