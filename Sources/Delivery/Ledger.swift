internal import DequeModule

/// Who has custody of what one upstream connection has handed to us, and what that allows.
///
/// One ledger belongs to each upstream connection (an MQTT *in* connection or an XMPP stream). It keeps one law: nothing is
/// acknowledged upstream before somebody downstream, or our own synced journal, has it. Everything is amortised O(1) a message.
///
/// Inputs only record. After each batch of inputs, and at ``deadline``, the owner calls ``nextAction(now:)`` until it returns
/// nil and does what it is told; so a batch costs at most one release and one sync, however many messages it holds.
public struct Ledger: Sendable {
  /// The place of one message in the ledger. Never reused, also not across ``reset(upstream:)``, so that a late confirmation
  /// or sync of a connection that is gone cannot vouch for a message of the next one.
  public struct Position: RawRepresentable, Hashable, Comparable, Sendable {
    /// 1 for the first message of the ledger's life, then consecutive.
    public let rawValue: UInt64

    /// The position with that number, as ``Ledger/append(copies:now:)`` returned it.
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// In the order of reading.
    public static func < (first: Position, second: Position) -> Bool { first.rawValue < second.rawValue }
  }

  /// What the owner has to do.
  public enum Action: Sendable, Equatable {
    /// Acknowledge upstream everything up to this number of the upstream's own count. Always a prefix, never twice.
    case release(upTo: UInt64)
    /// Stop reading upstream.
    case pause
    /// Have the journal synced; once it is, call ``Ledger/synced(upTo:now:)`` with this position.
    case sync(upTo: Position)
    /// Everything read is safe and released: send what that allows, then read on.
    case resume
  }

  private struct Entry {
    let readAt: Duration
    var copies: UInt32
  }

  private let hold: Duration
  private let holdMessages: Int
  /// An acknowledgement within this time of the reading ends the impatience.
  private let prompt: Duration

  /// Messages from position `first` on: those not released, and before them, while `isImpatient`, released ones whose
  /// acknowledgement could still come promptly (the sync that releases a message usually overtakes its acknowledgement).
  private var entries: Deque<Entry> = []
  private var first: UInt64 = 1
  private var released: UInt64 = 0
  private var syncedUpTo: UInt64 = 0
  private var askedUpTo: UInt64?
  private var isPaused = false
  private var isSessionDown = false
  private var isImpatient = false
  /// How long acknowledgements and syncs have taken of late, and the one of each that is timed now.
  private var acknowledging = RecentTime()
  private var syncing = RecentTime()
  private var timed: (position: UInt64, readAt: Duration)?
  private var askedAt = Duration.zero
  /// Until then an acknowledgement is expected that makes a sync needless.
  private var patientUntil: Duration?

  /// The upstream's count that belongs to `connectionStart`, the last position before the present connection.
  private var upstreamStart: UInt64
  private var connectionStart: UInt64 = 0

  /// An empty ledger for a first connection.
  /// - Parameters:
  ///   - hold: how long a message may stay unsafe before the journal is synced; zero: not at all.
  ///   - holdMessages: so many unreleased messages make the journal be synced, at once unless an acknowledgement should be
  ///     there before; less than 1 counts as 1.
  ///   - upstream: the number the upstream's count has reached before the first message.
  public init(hold: Duration, holdMessages: Int, upstream: UInt64 = 0) {
    self.hold = hold
    self.holdMessages = max(holdMessages, 1)
    prompt = hold / 10
    upstreamStart = upstream
  }

  // MARK: Inputs

  /// A message has been read.
  /// - Parameters:
  ///   - copies: how many confirmations make it safe: one for each stanza or publish made of it. 0: nothing has to be
  ///     delivered, so it is safe as soon as everything before it is.
  ///   - now: when it was read.
  /// - Returns: its position; the upstream's number is one more than the previous message's.
  public mutating func append(copies: Int, now: Duration) -> Position {
    entries.append(Entry(readAt: now, copies: UInt32(clamping: copies)))
    if timed == nil, copies > 0 { timed = (last, now) }
    return Position(rawValue: last)
  }

  /// One copy is safe downstream, or refused there for good. Positions that are not open any more, and more confirmations
  /// than copies, are ignored.
  public mutating func confirmed(_ position: Position, now: Duration) {
    if let sample = timed, position.rawValue >= sample.position {
      acknowledging.took(now - sample.readAt)
      timed = nil
    }
    guard position.rawValue >= first, position.rawValue <= last else { return }
    let index = Int(position.rawValue - first)
    guard entries[index].copies > 0 else { return }
    entries[index].copies -= 1
    if entries[index].copies == 0, now - entries[index].readAt <= prompt { isImpatient = false }
  }

  /// Everything up to this position is in the journal and the journal is on disk. May also be told without having been asked.
  /// A sync that fails is not told: what was asked for stays asked until it succeeds or the connection is given up.
  public mutating func synced(upTo position: Position, now: Duration) {
    syncedUpTo = max(syncedUpTo, min(position.rawValue, last))
    guard let asked = askedUpTo, asked <= syncedUpTo else { return }
    askedUpTo = nil
    syncing.took(now - askedAt)
  }

  /// The session on either side is gone: until it is back, custody is taken at once rather than after `hold`.
  public mutating func sessionDown() { isSessionDown = true }

  /// The session is back.
  public mutating func sessionUp() { isSessionDown = false }

  /// A new upstream connection: what was not released is forgotten (the upstream still has it and sends it again), and
  /// reading begins unpaused. Late inputs about earlier positions do nothing.
  /// - Parameter upstream: the number the upstream's count has reached before the next message.
  public mutating func reset(upstream: UInt64) {
    connectionStart = last
    upstreamStart = upstream
    released = last
    first = last + 1
    entries.removeAll()
    askedUpTo = nil
    isPaused = false
    timed = nil
    patientUntil = nil
  }

  // MARK: Outputs

  /// The next thing to do, or nil when there is nothing to do until the next input or ``deadline``.
  public mutating func nextAction(now: Duration) -> Action? {
    if advance() {
      forgetSettled(now: now)
      return .release(upTo: upstreamStart + (released - connectionStart))
    }
    guard let oldest = oldestReading else {
      patientUntil = nil
      guard isPaused else { return nil }
      isPaused = false
      return .resume
    }
    if now - oldest >= hold { isImpatient = true }
    let isUrgent = isImpatient || isSessionDown
    guard isPaused || isUrgent || unreleased >= holdMessages else { return nil }
    // Acknowledgements leave only when everything read is safe, so reading on would only move that moment away.
    if !isPaused {
      isPaused = true
      patientUntil = isUrgent ? nil : patience(now: now)
      return .pause
    }
    if let end = patientUntil {
      guard isUrgent || now >= end else { return nil }
      patientUntil = nil
    }
    guard askedUpTo == nil else { return nil }
    askedUpTo = last
    askedAt = now
    return .sync(upTo: Position(rawValue: last))
  }

  /// Until when an acknowledgement is waited for instead of a sync, which would cost more: if acknowledgements come sooner
  /// of late than a sync is done, and none is overdue, as long as the sync would take.
  private func patience(now: Duration) -> Duration? {
    guard let usual = acknowledging.value, let sync = syncing.value, usual < sync else { return nil }
    if let timed, now - timed.readAt > sync { return nil }
    return now + sync
  }

  /// When ``nextAction(now:)`` has to be called at the latest: the moment `hold` runs out for the oldest unsafe message,
  /// or the patience with an acknowledgement. Valid after the actions have been taken.
  public var deadline: Duration? {
    guard let oldest = oldestReading else { return nil }
    if let patientUntil { return min(patientUntil, oldest + hold) }
    return isPaused ? nil : oldest + hold
  }

  /// How many messages have been read and not been released.
  public var unreleased: Int { Int(last - released) }

  /// When the oldest unreleased message was read.
  public var oldestReading: Duration? {
    released < last ? entries[Int(released + 1 - first)].readAt : nil
  }

  /// Entries in memory, released ones included.
  var retained: Int { entries.count }

  private var last: UInt64 { first - 1 + UInt64(entries.count) }

  /// Moves `released` over everything safe; true if it moved.
  private mutating func advance() -> Bool {
    let before = released
    while released < last, released < syncedUpTo || entries[Int(released + 1 - first)].copies == 0 { released += 1 }
    return released > before
  }

  /// Drops released entries from which no prompt acknowledgement is to be expected.
  private mutating func forgetSettled(now: Duration) {
    while first <= released, let entry = entries.first {
      guard !isImpatient || entry.copies == 0 || now - entry.readAt > prompt else { return }
      entries.removeFirst()
      first += 1
    }
  }
}
