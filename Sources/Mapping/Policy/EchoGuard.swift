public import MQTT

/// Knows the bridge's own publishes when they come back, because a route subscribes to what another publishes.
///
/// Under MQTT 5 each of them carries the bridge's name. Under 3.1.1 a publish is remembered until it comes back, or
/// until `capacity` newer ones were made. A message that the broker delivers twice has to be recognised before it is
/// asked about here, for a memory is used up by the first delivery.
public struct EchoGuard: Sendable {
  private let name: String
  private let capacity: Int
  /// What is awaited, with the numbers of the publishes of that topic and payload, oldest first.
  private var awaited: [Int: [UInt64]] = [:]
  /// The keys of the last `capacity` publishes; the one numbered n stands at n modulo capacity.
  private var ring: [Int] = []
  private var next: UInt64 = 0

  /// A guard that remembers nothing yet.
  ///
  /// - Parameters:
  ///   - name: the bridge's name.
  ///   - capacity: how many publishes are remembered under 3.1.1.
  public init(name: String, capacity: Int = 4096) {
    self.name = name
    self.capacity = max(1, capacity)
  }

  /// How many publishes are remembered.
  public var count: Int { awaited.values.reduce(0) { $0 + $1.count } }

  /// Remembers a publish of our own; only needed under 3.1.1, and only for a topic that we subscribe to.
  public mutating func published(topic: String, payload: [UInt8]) {
    let key = Self.key(topic, payload)
    let slot = Int(next % UInt64(capacity))
    if slot < ring.count {
      forget(next - UInt64(capacity), key: ring[slot])
      ring[slot] = key
    } else {
      ring.append(key)
    }
    awaited[key, default: []].append(next)
    next += 1
  }

  /// Whether a publish that came in is one of our own; if it was remembered, it is so no longer.
  ///
  /// - Parameter version5: whether the connection speaks MQTT 5, where the mark alone decides.
  public mutating func isEcho(_ publish: InboundPublish, version5: Bool) -> Bool {
    if version5 {
      return publish.properties.userProperties.contains { $0.name == PublishMarks.bridge && $0.value == name }
    }
    guard !awaited.isEmpty else { return false }
    let key = Self.key(publish.topic, publish.payload)
    guard let oldest = awaited[key]?.first else { return false }
    forget(oldest, key: key)
    return true
  }

  private mutating func forget(_ number: UInt64, key: Int) {
    guard let index = awaited[key]?.firstIndex(of: number) else { return }
    if awaited[key]?.count == 1 {
      awaited[key] = nil
    } else {
      awaited[key]?.remove(at: index)
    }
  }

  /// Hashed with a key of this process's own, so that nobody can make a payload that passes for another.
  private static func key(_ topic: String, _ payload: [UInt8]) -> Int {
    var hasher = Hasher()
    // The topic's length, so that no byte can cross the border between the two.
    hasher.combine(topic.utf8.count)
    hasher.combine(TopicKey(topic))
    payload.withUnsafeBytes { hasher.combine(bytes: $0) }
    return hasher.finalize()
  }
}
