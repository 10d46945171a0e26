import Delivery
import DequeModule
import Journal
import Mapping
import XMPP

/// MQTT → XMPP of one account: what was read and is not yet safe, what waits for the stream, what the stream has
/// numbered and the server not yet acknowledged.
///
/// Rows leave in the order of their sequence and stanzas are numbered in the order in which they leave, so an
/// acknowledgement pops a prefix of `numbered`, and that prefix ends at a row up to which the spool is trimmed.
struct OutboundFlow: Sendable {
  /// A counted stanza that was handed to the stream, or is about to be once its number is committed.
  struct Numbered: Sendable, Equatable {
    var number: UInt64
    /// When it got its number, in milliseconds since 1970.
    var time: Int64
    var content: Content

    enum Content: Sendable, Equatable {
      case row(StanzaRow)
      case control([UInt8])
      /// A row that is not sent. It has the number of the stanza before it, and is settled with that.
      case omitted(sequence: UInt64)
    }
  }

  /// An MQTT message whose PUBACK waits until every row up to `sequence` is safe.
  private struct Waiter: Sendable {
    var position: Ledger.Position
    var sequence: UInt64
    var origin: MessageOrigin?
  }

  /// Custody of what the in connection has read.
  var ledger: Ledger
  private(set) var numbered: Deque<Numbered> = []
  /// Bytes of the rows among them.
  private var numberedBytes = 0
  private(set) var nextSequence: UInt64
  private(set) var nextNumber: UInt64 = 1
  /// Rows that no stream has a number for.
  private var window: SpoolWindow<StanzaRow>
  /// Stanzas that are no rows and have no number yet.
  private var controls: Deque<[UInt8]> = []
  /// What the spool uses of what it may use.
  private var budget: JournalBudget
  /// By which the age of what waits is told.
  private var clock = AgeingClock()
  private var waiters: Deque<Waiter> = []
  /// The first message that a sync has made safe and the server has not acknowledged: the ledger wants to know when it does.
  private var overtaken: (position: Ledger.Position, sequence: UInt64)?

  /// How long a message may have waited before its reader should be told that it is late.
  static let noticeableDelay: Int64 = 10_000

  init(ledger: Ledger, window: SpoolWindow<StanzaRow>, nextSequence: UInt64, budget: JournalBudget) {
    self.budget = budget
    self.ledger = ledger
    self.window = window
    self.nextSequence = nextSequence
  }

  /// Nothing is under way to the server: what waits has no number.
  var isSettled: Bool { numbered.isEmpty }

  /// Whether the spool takes nothing more: the in connection has to go until there is room again.
  var isFull: Bool { budget.isFull }

  /// Whether rows wait that may get too old.
  var hasWaiting: Bool { !window.isEmpty }

  /// Messages that the server has not acknowledged, and their bytes.
  var messages: Int { budget.messages }
  var bytes: Int { budget.bytes }

  /// Stanzas that have a number and that the server has not acknowledged.
  var unacknowledgedCount: Int {
    numbered.count { if case .omitted = $0.content { false } else { true } }
  }

  // MARK: Taking in

  /// Takes a message that becomes a stanza; its row has to be committed before anything else happens to it.
  mutating func accept(
    stanza: [UInt8], origin: MessageOrigin, expires: Int64? = nil, position: Ledger.Position, wallClock: Int64
  ) -> StanzaRow {
    waiters.append(Waiter(position: position, sequence: nextSequence, origin: origin))
    return accept(StanzaRow(sequence: nextSequence, time: wallClock, stanza: stanza, origin: origin, expires: expires))
  }

  /// Takes a message of the bridge's own making that has to arrive like any other, such as a receipt.
  mutating func accept(own stanza: [UInt8], wallClock: Int64) -> StanzaRow {
    accept(StanzaRow(sequence: nextSequence, time: wallClock, stanza: stanza))
  }

  private mutating func accept(_ row: StanzaRow) -> StanzaRow {
    nextSequence += 1
    window.append(row, sequence: row.sequence, bytes: row.stanza.count)
    _ = budget.added(bytes: row.stanza.count)
    return row
  }

  /// Takes a message that the broker delivers again although its row is, or was, in the spool: it is safe when
  /// everything that is in the spool now is safe.
  mutating func acceptAgain(position: Ledger.Position, trimmed: UInt64, now: Duration) {
    guard nextSequence - 1 > trimmed else { return ledger.confirmed(position, now: now) }
    waiters.append(Waiter(position: position, sequence: nextSequence - 1, origin: nil))
  }

  /// Queues a counted stanza that is no message (presence, iq). It is lost with the stream, on purpose; until then the
  /// session record keeps it.
  mutating func accept(control stanza: [UInt8]) {
    controls.append(stanza)
  }

  /// The in connection is gone: the broker will deliver again what was not acknowledged, under indexes after `index`.
  mutating func inboundConnectionLost(index: UInt64) {
    waiters.removeAll()
    overtaken = nil
    ledger.reset(upstream: index)
  }

  // MARK: Handing out

  /// Whether there is anything that has no number yet.
  var hasDepartures: Bool { !controls.isEmpty || window.count > 0 }

  /// Gives numbers to what may be sent now: first the stanzas that are no messages, then rows in their order.
  /// - Parameters:
  ///   - record: takes note of the numbers; it has to be committed before a byte of them reaches the socket.
  ///   - account: who says, in a delay stamp, when a message was accepted.
  mutating func depart(
    _ terms: DepartureTerms, record: inout SessionRecord, account: JID, now: Duration, wallClock: Int64
  ) -> Departure {
    var departure = Departure()
    while departure.stanzas.count < terms.room, let control = controls.popFirst() {
      let stanza = OutboundStanza(sequence: takeNumber(), bytes: control)
      record.controls.append(stanza)
      numbered.append(Numbered(number: stanza.sequence, time: wallClock, content: .control(control)))
      departure.stanzas.append(stanza)
    }
    while !terms.holdsRows, departure.stanzas.count < terms.room, numberedBytes < terms.maxBytes,
      !terms.isCautious || firstRow == nil,
      !isHeldUp(terms, record), let row = window.popFirst()?.element
    {
      record.numbered = row.sequence
      let wasSent = row.sequence <= record.sentBefore
      if row.sequence == terms.poison {
        omit(row, record: &record, now: now)
        departure.poison = row
      } else if wasSent, let origin = row.origin, terms.found.contains(origin.key) {
        omit(row, record: &record, now: now)
        departure.found.append(row)
      } else if terms.expiry.hasExpired(row, wallClock: clock.wallClock(wallClock, since: row.sequence)) {
        omit(row, record: &record, now: now)
        departure.expired.append(row)
      } else if case .refusal(let reason)? = terms.obstacle(of: row) {
        omit(row, record: &record, now: now)
        departure.refused.append(.init(row: row, reason: reason, mayHaveArrived: wasSent))
      } else {
        let number = takeNumber()
        record.doubtSince = record.doubtSince ?? wallClock
        append(row, number: number, time: wallClock)
        let isLate = wasSent || wallClock - row.time > Self.noticeableDelay
        let bytes = isLate ? DelayedDelivery.stamped(row.stanza, from: account, at: row.time) : row.stanza
        departure.stanzas.append(OutboundStanza(sequence: number, bytes: bytes))
      }
    }
    return departure
  }

  /// Whether the next row has to wait for a room.
  private func isHeldUp(_ terms: DepartureTerms, _ record: SessionRecord) -> Bool {
    guard !terms.obstacles.isEmpty, let row = window.first?.element else { return false }
    switch terms.obstacle(of: row) {
    case .absence: return true
    case .doubt: return row.sequence <= record.sentBefore
    case .refusal, nil: return false
    }
  }

  /// Stanzas that are no rows and have no number yet. Copies them.
  var waitingControls: [[UInt8]] {
    // An empty deque's copy writes to storage that all empty arrays share, which the thread sanitizer takes for a race.
    controls.isEmpty ? [] : Array(controls)
  }

  /// The first row that the server has not acknowledged.
  var firstRow: UInt64? {
    for entry in numbered {
      if case .row(let row) = entry.content { return row.sequence }
    }
    return nil
  }

  private mutating func append(_ row: StanzaRow, number: UInt64, time: Int64) {
    numbered.append(Numbered(number: number, time: time, content: .row(row)))
    numberedBytes += row.stanza.count
  }

  private mutating func takeNumber() -> UInt64 {
    defer { nextNumber += 1 }
    return nextNumber
  }

  /// A row leaves the spool without being sent; the caller removes it from the journal.
  private mutating func omit(_ row: StanzaRow, record: inout SessionRecord, now: Duration) {
    _ = budget.removed(bytes: row.stanza.count)
    if numbered.isEmpty {
      record.trimmed = row.sequence
      settle(upTo: row.sequence, now: now)
    } else {
      numbered.append(Numbered(number: nextNumber - 1, time: row.time, content: .omitted(sequence: row.sequence)))
    }
  }

  /// Takes note that the server has every stanza up to `number`; returns the rows among them.
  mutating func acknowledged(upTo number: UInt64, record: inout SessionRecord, now: Duration) -> [StanzaRow] {
    var rows: [StanzaRow] = []
    while let first = numbered.first, first.number <= number {
      numbered.removeFirst()
      record.acknowledged = first.number
      switch first.content {
      case .row(let row):
        record.trimmed = row.sequence
        numberedBytes -= row.stanza.count
        _ = budget.removed(bytes: row.stanza.count)
        rows.append(row)
      case .omitted(let sequence): record.trimmed = sequence
      case .control: break
      }
    }
    // Rows of a lost stream that have no number yet are in doubt for as long as they were.
    if record.sentBefore <= record.numbered { record.doubtSince = numbered.first?.time }
    // What was found at the start was counted roughly: its bytes with what stands beside the stanza.
    if numbered.isEmpty, window.isEmpty { _ = budget.removed(messages: budget.messages, bytes: budget.bytes) }
    if !record.controls.isEmpty { record.controls.removeAll { $0.sequence <= number } }
    settle(upTo: record.trimmed, now: now)
    return rows
  }

  private mutating func settle(upTo sequence: UInt64, now: Duration) {
    if let first = overtaken, first.sequence <= sequence {
      overtaken = nil
      ledger.confirmed(first.position, now: now)
    }
    while let first = waiters.first, first.sequence <= sequence {
      waiters.removeFirst()
      ledger.confirmed(first.position, now: now)
    }
  }

  /// The journal on disk has what was read up to `position`; returns whom to tell that it is queued.
  mutating func synced(upTo position: Ledger.Position, now: Duration) -> [MessageOrigin] {
    var queued: [MessageOrigin] = []
    while let first = waiters.first, first.position <= position {
      waiters.removeFirst()
      if overtaken == nil { overtaken = (first.position, first.sequence) }
      if let origin = first.origin { queued.append(origin) }
    }
    ledger.synced(upTo: position, now: now)
    return queued
  }

  // MARK: Streams

  /// The stream is gone for good: messages without an acknowledgement wait again, in front; the rest is dropped.
  mutating func streamLost(record: inout SessionRecord) {
    controls.removeAll()
    numbered.removeAll()
    numberedBytes = 0
    window.rewind(to: record.trimmed)
    nextNumber = 1
    record.forgetStream()
  }

  /// Takes up the numbering of a stream that an earlier process held.
  /// - Parameter rows: those with a sequence in `record.trimmed+1 … record.numbered`.
  /// - Returns: every unacknowledged stanza of the stream in its order.
  mutating func restore(rows: [StanzaRow], record: SessionRecord) -> [OutboundStanza] {
    var rows = rows[...]
    var controls = record.controls[...]
    let since = record.doubtSince ?? 0
    self.controls = Deque(record.waiting)
    nextNumber = record.acknowledged + 1
    while !rows.isEmpty || !controls.isEmpty {
      if let control = controls.first, control.sequence == nextNumber || rows.isEmpty {
        controls.removeFirst()
        numbered.append(Numbered(number: takeNumber(), time: since, content: .control(control.bytes)))
      } else {
        append(rows.removeFirst(), number: takeNumber(), time: since)
      }
    }
    return numbered.compactMap { entry in
      switch entry.content {
      case .row(let row): OutboundStanza(sequence: entry.number, bytes: row.stanza)
      case .control(let bytes): OutboundStanza(sequence: entry.number, bytes: bytes)
      case .omitted: nil
      }
    }
  }

  // MARK: The spool on disk

  /// Looks at the clocks; see `AgeingClock`.
  mutating func look(now: Duration, wallClock: Int64) { clock.look(now: now, wallClock: wallClock, next: nextSequence) }

  /// What to read from the journal so that sending can go on, if anything. To be asked for behind this turn's commit.
  mutating func nextLoad() -> SpoolWindow<StanzaRow>.Load? { window.nextLoad() }

  /// Rows that were read back.
  mutating func loaded(_ load: UInt64, rows: [StanzaRow], reachedEnd: Bool) {
    window.loaded(
      load, rows: rows.map { (sequence: $0.sequence, bytes: $0.stanza.count, element: $0) }, reachedEnd: reachedEnd)
  }

  /// Takes out the waiting messages that are older than they may get. What a lost stream had sent stays until the archive
  /// was asked about it: to say that it expired would be a lie if it arrived.
  mutating func expire(_ expiry: Expiry, record: SessionRecord, wallClock: Int64) -> [StanzaRow] {
    let clock = clock
    let rows = window.remove { row in
      row.sequence > record.sentBefore
        && expiry.hasExpired(row, wallClock: clock.wallClock(wallClock, since: row.sequence))
    }
    for row in rows {
      _ = budget.removed(bytes: row.stanza.count)
    }
    return rows
  }
}

extension Expiry {
  /// Whether a row is older than it may get.
  fileprivate func hasExpired(_ row: StanzaRow, wallClock: Int64) -> Bool {
    if let expires = row.expires, wallClock >= expires { return true }
    return hasExpired(time: row.time, wallClock: wallClock)
  }
}
