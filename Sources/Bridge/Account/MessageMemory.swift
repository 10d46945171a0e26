import DequeModule
import Journal
import MQTT
import Mapping
import Records

/// What became of the messages whose publishers asked to be told, for a day: so that an id sent twice is one message, and
/// that a receipt finds its publisher, also after a restart.
struct MessageMemory: Sendable, Equatable {
  /// One message.
  struct Entry: Sendable, Equatable {
    /// When it was published, in milliseconds since 1970.
    var time: Int64
    /// Tells whether another publish of the same id is the same message.
    var payload: UInt64
    /// How far it came; nil: not even into the synced journal.
    var state: DeliveryStatus.State?
    /// Why it failed.
    var failure: DeliveryStatus.Failure?
    /// Where the publisher wants to be told besides.
    var responseTopic: String?
    var correlationData: [UInt8]?
  }

  private var entries: [UInt64: Entry] = [:]
  /// The entries by age; an entry that was replaced is in it twice, and only the later one counts.
  private var order: Deque<(key: UInt64, time: Int64)> = []

  /// How long an id is remembered, in milliseconds.
  static let lifetime: Int64 = 86_400_000
  /// How many ids are remembered; the oldest go first.
  static let capacity = 65_536

  init() {}

  /// Under what a message is known: its id counts for one topic.
  static func key(id: String, statusTopic: String) -> UInt64 {
    StableHash.of(topic: statusTopic, payload: Array(id.utf8))
  }

  /// What a payload is compared by.
  static func hash(payload: [UInt8]) -> UInt64 { StableHash.of(payload) }

  /// The message with this key, if it is remembered.
  subscript(key: UInt64) -> Entry? { entries[key] }

  /// Takes note of a message; returns what the journal has to take note of, in the message's own commit.
  mutating func remember(_ origin: MessageOrigin, payload: UInt64, time: Int64, keys: AccountKeys) -> [JournalOperation]
  {
    let key = Self.key(id: origin.id, statusTopic: origin.statusTopic)
    let entry = Entry(
      time: time, payload: payload, responseTopic: origin.responseTopic, correlationData: origin.correlationData)
    entries[key] = entry
    order.append((key, time))
    return [.set(key: keys.published(key), entry.bytes)] + forgetOld(now: time, keys: keys)
  }

  /// A message came further. Returns what the journal has to take note of; nil if it had come as far before, so that nobody
  /// is told twice.
  mutating func advance(
    _ key: UInt64, to state: DeliveryStatus.State, failure: DeliveryStatus.Failure? = nil, keys: AccountKeys
  ) -> JournalOperation? {
    guard var entry = entries[key], state.rank > (entry.state?.rank ?? -1) else { return nil }
    entry.state = state
    entry.failure = failure
    entries[key] = entry
    return .set(key: keys.published(key), entry.bytes)
  }

  private mutating func forgetOld(now: Int64, keys: AccountKeys) -> [JournalOperation] {
    var operations: [JournalOperation] = []
    // Two at a time, so that the memory shrinks while no message pays for many others.
    while operations.count < 2, let oldest = order.first,
      now - oldest.time >= Self.lifetime || order.count > Self.capacity
    {
      order.removeFirst()
      guard entries[oldest.key]?.time == oldest.time else { continue }
      entries[oldest.key] = nil
      operations.append(.set(key: keys.published(oldest.key), nil))
    }
    return operations
  }
}

extension MessageMemory {
  /// Reads the memory back; throws if the journal's bytes are damaged.
  /// - Parameter records: by their keys.
  init(records: [(key: UInt64, bytes: [UInt8])]) throws(FieldError) {
    for record in records { entries[record.key] = try Entry(record.bytes) }
    order = Deque(
      entries.map { (key: $0.key, time: $0.value.time) }.sorted { first, second in first.time < second.time })
  }

  static func == (first: MessageMemory, second: MessageMemory) -> Bool { first.entries == second.entries }
}

extension MessageMemory.Entry {
  fileprivate var bytes: [UInt8] {
    var fields = FieldWriter()
    fields.write(time)
    fields.write(payload)
    fields.write(state) { $0.write($1.rawValue) }
    fields.write(failure) { fields, failure in
      fields.write(failure.condition)
      fields.write(failure.text) { $0.write($1) }
    }
    fields.write(responseTopic) { $0.write($1) }
    fields.write(correlationData) { $0.write($1) }
    return fields.bytes
  }

  fileprivate init(_ bytes: [UInt8]) throws(FieldError) {
    var fields = FieldReader(bytes)
    time = try fields.read()
    payload = try fields.read()
    state = try fields.readOptional { fields throws(FieldError) in try fields.readString() }
      .flatMap(DeliveryStatus.State.init)
    failure = try fields.readOptional { fields throws(FieldError) in
      let condition = try fields.readString()
      return .init(
        condition: condition, text: try fields.readOptional { fields throws(FieldError) in try fields.readString() })
    }
    responseTopic = try fields.readOptional { fields throws(FieldError) in try fields.readString() }
    correlationData = try fields.readOptional { fields throws(FieldError) in try fields.readBytes() }
  }
}

extension DeliveryStatus.State {
  /// The order in which a message comes through its states; a failure is told whenever it comes.
  var rank: Int {
    switch self {
    case .queued: 0
    case .sent: 1
    case .delivered: 2
    case .displayed: 3
    case .failed: 4
    }
  }
}
