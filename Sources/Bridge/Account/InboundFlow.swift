import Delivery
import DequeModule
import Journal
import MQTT

/// XMPP → MQTT of one account: which stanzas are not yet safe, what waits for the broker, what it has not acknowledged.
struct InboundFlow: Sendable {
  /// A publish that the MQTT side has and the broker has not acknowledged.
  private struct InFlight: Sendable {
    var sequence: UInt64
    var stanza: Ledger.Position?
    /// What it takes of the budget; nil for a status.
    var bytes: Int?
    var isDone = false
  }

  /// What the answer to a publish means.
  struct Confirmation: Sendable, Equatable {
    /// It was a message, and no status.
    var isMessage: Bool
    /// The sequence up to which the spool can now be trimmed, if that moved.
    var trimmed: UInt64?
  }

  /// Custody of what the stream has delivered.
  var ledger: Ledger
  private var window: SpoolWindow<PublishRow>
  private var inFlight: Deque<InFlight> = []
  /// The publishes in flight, though nobody asks for them again: memory is best given back by the thread that took it.
  /// Whoever gives back another's waits for the lock of that one's heap, and makes it wait.
  private var held: Deque<OutboundPublish> = []
  /// What the spool uses of what it may use.
  private var budget: JournalBudget
  /// By which the age of what waits is told.
  private var clock = AgeingClock()
  private(set) var nextSequence: UInt64
  /// Rows up to this sequence are in the journal and may be published.
  private var committed: UInt64

  /// How many publishes of one account the shared out connection may hold at a time, so that no account starves another.
  static let credit = 256

  init(ledger: Ledger, window: SpoolWindow<PublishRow>, nextSequence: UInt64, budget: JournalBudget) {
    self.budget = budget
    self.ledger = ledger
    self.window = window
    self.nextSequence = nextSequence
    committed = nextSequence - 1
  }

  /// Nothing is under way to the broker: what waits has not been handed out.
  var isSettled: Bool { inFlight.isEmpty }

  /// The tokens of what the MQTT side has and the broker has not answered.
  var unanswered: some Sequence<UInt64> { inFlight.lazy.filter { !$0.isDone }.map(\.sequence) }

  /// Whether the spool takes nothing more: the stream's connection has to go until there is room again.
  var isFull: Bool { budget.isFull }

  /// Whether rows wait that may get too old.
  var hasWaiting: Bool { !window.isEmpty }

  /// Messages that the broker has not acknowledged, and their bytes. Of those that an earlier process left the statuses
  /// are counted too.
  var messages: Int { budget.messages }
  var bytes: Int { budget.bytes }

  /// Takes a publish that follows from an inbound stanza, or from none; its row has to be committed before it goes out.
  mutating func accept(
    _ publish: OutboundPublish, isStatus: Bool = false, stanza: Ledger.Position?, receipt: PublishRow.Receipt? = nil,
    wallClock: Int64
  ) -> PublishRow {
    var row = PublishRow(
      sequence: nextSequence, time: wallClock, isStatus: isStatus, stanza: stanza, receipt: receipt, publish: publish)
    row.publish.token = row.sequence
    nextSequence += 1
    window.append(row, sequence: row.sequence, bytes: publish.payload.count)
    if !isStatus { _ = budget.added(bytes: publish.payload.count) }
    return row
  }

  /// The journal has every row up to `sequence`.
  mutating func committed(upTo sequence: UInt64) {
    committed = max(committed, sequence)
  }

  /// Whether publishes wait in such numbers that what comes in should come more slowly: else it takes the detour over the
  /// disk, which costs more than all the rest.
  private(set) var isCrowded = false

  /// Looks how full it is, at the end of a turn.
  mutating func noteCrowd() { isCrowded = window.fillLevel > (isCrowded ? 25 : 75) }

  /// Hands out what may be published now. The broker is told how long a message may wait for a subscriber, which is what is
  /// left of how long it may wait here.
  mutating func take(_ expiry: Expiry, wallClock: Int64) -> [OutboundPublish] {
    let last = committed
    var taken: [OutboundPublish] = []
    guard window.count > 0 else { return taken }
    for row in window.take(Self.credit - inFlight.count, while: { $0.sequence <= last }) {
      let bytes = row.isStatus ? nil : row.publish.payload.count
      inFlight.append(InFlight(sequence: row.sequence, stanza: row.stanza, bytes: bytes))
      var publish = row.publish
      held.append(publish)
      if !row.isStatus, let moment = expiry.moment(time: row.time) {
        let wallClock = clock.wallClock(wallClock, since: row.sequence)
        publish.messageExpiry = UInt32(clamping: max(moment - wallClock, 1_000) / 1_000)
      }
      taken.append(publish)
    }
    return taken
  }

  /// The broker has the publish with this token, or refused it for good.
  /// - Returns: nil if nobody waits for that answer.
  mutating func confirmed(_ token: UInt64, now: Duration) -> Confirmation? {
    guard let position = index(of: token), !inFlight[position].isDone else { return nil }
    inFlight[position].isDone = true
    if let stanza = inFlight[position].stanza { ledger.confirmed(stanza, now: now) }
    var confirmation = Confirmation(isMessage: inFlight[position].bytes != nil)
    while let first = inFlight.first, first.isDone {
      confirmation.trimmed = first.sequence
      if let bytes = first.bytes { _ = budget.removed(bytes: bytes) }
      inFlight.removeFirst()
      held.removeFirst()
    }
    // What was found at the start was counted roughly: its statuses too, and its bytes with what stands beside the payload.
    if inFlight.isEmpty, window.isEmpty { _ = budget.removed(messages: budget.messages, bytes: budget.bytes) }
    return confirmation
  }

  /// Tokens rise along `inFlight`, and answers come nearly in order: the first entry is the usual hit.
  private func index(of token: UInt64) -> Int? {
    if let first = inFlight.first, first.sequence == token { return 0 }
    var low = 0
    var high = inFlight.count
    while low < high {
      let middle = (low + high) / 2
      if inFlight[middle].sequence < token { low = middle + 1 } else { high = middle }
    }
    return low < inFlight.count && inFlight[low].sequence == token ? low : nil
  }

  // MARK: The spool on disk

  /// Looks at the clocks; see `AgeingClock`.
  mutating func look(now: Duration, wallClock: Int64) { clock.look(now: now, wallClock: wallClock, next: nextSequence) }

  /// What to read from the journal so that publishing can go on, if anything. To be asked for behind this turn's commit.
  mutating func nextLoad() -> SpoolWindow<PublishRow>.Load? { window.nextLoad() }

  /// Rows that were read back.
  mutating func loaded(_ load: UInt64, rows: [PublishRow], reachedEnd: Bool) {
    if let last = rows.last { committed = max(committed, last.sequence) }
    window.loaded(
      load, rows: rows.map { (sequence: $0.sequence, bytes: $0.publish.payload.count, element: $0) },
      reachedEnd: reachedEnd)
  }

  /// Takes out the waiting publishes that are older than they may get.
  mutating func expire(_ expiry: Expiry, wallClock: Int64) -> [PublishRow] {
    let clock = clock
    let rows = window.remove {
      expiry.hasExpired(time: $0.time, wallClock: clock.wallClock(wallClock, since: $0.sequence))
    }
    for row in rows where !row.isStatus { _ = budget.removed(bytes: row.publish.payload.count) }
    return rows
  }
}
