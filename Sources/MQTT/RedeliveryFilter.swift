/// What makes a delivery recognisable when the broker delivers it again: kept with the message's row, and outliving it.
public struct RedeliveryKey: Sendable, Hashable {
  /// Packet Identifier of the delivery.
  public var packetID: UInt16
  /// Which stretch of which broker session the delivery belongs to (see `RedeliveryFilter.epoch`).
  public var sessionEpoch: UInt64
  /// Hash of topic and payload, the same in every process.
  public var hash: UInt64

  /// A key, as it was exported.
  public init(packetID: UInt16, sessionEpoch: UInt64, hash: UInt64) {
    self.packetID = packetID
    self.sessionEpoch = sessionEpoch
    self.hash = hash
  }
}

/// Tells a message that the broker delivers again, because our PUBACK had not reached it, from a new one.
///
/// A broker repeats what is unacknowledged right after it resumed a session, with the same Packet Identifiers, before
/// anything new (MQTT 5 §4.4, §4.6). So keys are asked from such a CONNACK on until the first delivery that matches none,
/// and never in between: a sensor that says `ON` again is no repetition. libmosquitto does not tell the DUP flag, so one
/// case stays open: a broker that gives the lowest free identifier rather than the next one, and whose first delivery after
/// a resumed session is new and equal to the last one under the same identifier.
public struct RedeliveryFilter: Sendable, Equatable {
  /// What a delivery is.
  public enum Verdict: Sendable, Hashable {
    /// Delivered before: it needs no second row, only its acknowledgement.
    case redelivered
    /// New. The key has to be committed together with the message's row.
    case new(RedeliveryKey)
    /// QoS 0: never repeated, never recognised.
    case unidentified
  }

  /// Advances when the broker begins a new session, and with every `stretch` deliveries. Only keys of this epoch and
  /// the one before count: identifiers come round again, and an old key must not swallow a new message that happens to
  /// have the same identifier and content.
  public private(set) var epoch: UInt64
  private var keys: [UInt16: RedeliveryKey]
  private var isMatching = false
  private var deliveries = 0

  /// How many new deliveries make an epoch: far more than a broker has in flight, far fewer than there are identifiers.
  public static let stretch = 4_096

  /// A filter that knows what an earlier process committed.
  /// - Parameters:
  ///   - epoch: the epoch that was committed last, with a list of subscriptions for instance; a new session without any
  ///     delivery leaves no other trace. The keys' highest counts if it is higher.
  ///   - keys: all keys that were committed, at most one for a packet identifier.
  public init(epoch: UInt64 = 1, keys: some Sequence<RedeliveryKey> = []) {
    let known = Array(keys)
    let latest = known.reduce(epoch) { max($0, $1.sessionEpoch) }
    self.epoch = latest
    self.keys = Dictionary(
      known.filter { $0.sessionEpoch + 1 >= latest }.map { ($0.packetID, $0) }, uniquingKeysWith: { $1 })
  }

  /// The keys that still count, in no order.
  public var exported: [RedeliveryKey] { Array(keys.values) }

  /// A CONNACK came.
  public mutating func connected(sessionPresent: Bool) {
    if sessionPresent {
      isMatching = !keys.isEmpty
    } else {
      // Two steps, so that no key of the old session counts as one of the epoch before.
      epoch += 2
      keys.removeAll()
      deliveries = 0
      isMatching = false
    }
  }

  /// Judges a delivery, and remembers a new one. Deliveries come in the order of reading.
  public mutating func check(_ publish: InboundPublish) -> Verdict {
    guard publish.qos != .atMostOnce else { return .unidentified }
    let hash = StableHash.of(topic: publish.topic, payload: publish.payload)
    if isMatching {
      if let key = keys[publish.packetID], key.hash == hash { return .redelivered }
      isMatching = false
    }
    let key = RedeliveryKey(packetID: publish.packetID, sessionEpoch: epoch, hash: hash)
    keys[publish.packetID] = key
    deliveries += 1
    if deliveries == Self.stretch { advance() }
    return .new(key)
  }

  private mutating func advance() {
    deliveries = 0
    epoch += 1
    let oldest = epoch - 1
    keys = keys.filter { $0.value.sessionEpoch >= oldest }
  }
}
