import Journal
import MQTT
import Records
import XMPP

/// Which messages were taken in lately, by their ids in the archive: offline messages, the archive's pages and what a
/// server sends again after it lost a session are the same messages on different ways.
///
/// The journal keeps it as a ring of records, so that a message costs eight bytes in a record that its commit writes anyway.
struct SeenMessages: Sendable, Equatable {
  private var known: Set<UInt64> = []
  private var buckets: [[UInt64]] = []
  /// Counts the records that were ever begun; the last of them is `buckets.last`.
  private var generation: UInt64 = 0
  /// The first record that has keys the journal has not.
  private var firstUnwritten: UInt64?

  private static let bucketSize = 64
  private static let bucketCount = 512

  /// How many messages are remembered at least.
  static let capacity = bucketSize * (bucketCount - 1)

  init() {}

  /// Under what a message that came in is known.
  /// - Parameter room: whose archive it is; nil for the account's own.
  static func key(archiveID: String, of room: JID? = nil) -> UInt64 {
    StableHash.of(topic: room?.description ?? "", payload: Array(archiveID.utf8))
  }

  /// Under what a message is known that was said in a room without an archive. A tab is in no nickname.
  static func key(room: JID, nick: String, id: String) -> UInt64 {
    StableHash.of(topic: room.description, payload: Array("\(nick)\t\(id)".utf8))
  }

  /// Under what a message is known that another client of the account sent: copies of those have no id of the archive.
  static func key(sentTo recipient: JID, id: String) -> UInt64 {
    StableHash.of(topic: recipient.bare.description, payload: Array(id.utf8))
  }

  /// Takes note of a message. Returns false if it was known.
  mutating func insert(_ key: UInt64) -> Bool {
    guard known.insert(key).inserted else { return false }
    if buckets.isEmpty || buckets[buckets.count - 1].count == Self.bucketSize {
      buckets.append([])
      generation += 1
      if buckets.count > Self.bucketCount { known.subtract(buckets.removeFirst()) }
    }
    buckets[buckets.count - 1].append(key)
    firstUnwritten = firstUnwritten ?? generation
    return true
  }

  /// What the journal has to take note of, in the commit of the messages that were inserted.
  mutating func takeOperations(keys: AccountKeys) -> [JournalOperation] {
    guard let first = firstUnwritten else { return [] }
    firstUnwritten = nil
    let oldest = generation + 1 - UInt64(buckets.count)
    return (max(first, oldest)...generation).map { number in
      var fields = FieldWriter()
      fields.write(number)
      for key in buckets[Int(number - oldest)] { fields.write(key) }
      return .set(key: keys.seen(number % UInt64(Self.bucketCount)), fields.bytes)
    }
  }

  /// Reads the ring back; throws if the journal's bytes are damaged.
  init(records: [[UInt8]]) throws(FieldError) {
    var read: [(number: UInt64, keys: [UInt64])] = []
    for bytes in records {
      var fields = FieldReader(bytes)
      let number = try fields.read(UInt64.self)
      var keys: [UInt64] = []
      while !fields.isAtEnd { keys.append(try fields.read()) }
      read.append((number, keys))
    }
    read.sort { $0.number < $1.number }
    buckets = read.map(\.keys)
    generation = read.last?.number ?? 0
    known = Set(buckets.joined())
  }
}
