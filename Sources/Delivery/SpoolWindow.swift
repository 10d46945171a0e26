internal import DequeModule

/// The part of one journal spool that is held in memory: the oldest waiting rows, up to a bound, in order of sequence.
///
/// Rows that do not fit live in the journal only and are loaded as room comes, so that memory stays flat however many wait.
/// The window knows of every committed row by ``append(_:sequence:bytes:)``; a load may also return rows of whose commit it
/// has not been told yet. Both orders are sound, because a row counts once by its sequence.
public struct SpoolWindow<Element: Sendable>: Sendable {
  /// A request to the journal: the rows after a sequence. Answer with ``loaded(_:rows:reachedEnd:)``.
  public struct Load: Equatable, Sendable {
    /// Tells the answer to this request from one that ``rewind(to:)`` has made stale.
    public let id: UInt64
    /// Rows with a higher sequence are wanted, the lowest first.
    public let after: UInt64
    /// At most so many rows.
    public let limit: Int
    /// Rows are wanted until their bytes reach this sum; one row is wanted however large it is.
    public let maxBytes: Int
  }

  private struct Slot: Sendable {
    let sequence: UInt64
    let bytes: Int
    let element: Element
  }

  private let maxCount: Int
  private let maxBytes: Int
  private var slots: Deque<Slot> = []
  /// Every waiting row up to this sequence is in `slots`, or has been taken.
  private var reached: UInt64
  /// The highest sequence known to have been committed; rows in `reached + 1 ... newest` are in the journal only.
  private var newest: UInt64
  private var outstanding: Load?
  /// `newest` at the time of the outstanding request: the journal serves it after everything committed until then.
  private var newestAtRequest: UInt64 = 0
  private var lastLoad: UInt64 = 0

  /// The bytes of the rows in memory, as they were given.
  public private(set) var bytes = 0

  /// A window that starts behind a sequence.
  /// - Parameters:
  ///   - maxCount: rows in memory at most; less than 2 counts as 2.
  ///   - maxBytes: their bytes at most, except that one row always fits.
  ///   - after: rows up to this sequence are done with.
  ///   - newest: the highest sequence in the journal after a restart; 0 for an empty spool.
  public init(maxCount: Int, maxBytes: Int, after: UInt64 = 0, newest: UInt64 = 0) {
    self.maxCount = max(maxCount, 2)
    self.maxBytes = maxBytes
    reached = after
    self.newest = max(after, newest)
  }

  /// Rows in memory.
  public var count: Int { slots.count }

  /// True while some waiting rows are, as far as is known, in the journal only.
  public var hasSpilled: Bool { reached < newest }

  /// How full the memory is, in hundredths of the bound; 100 when some rows had to stay in the journal.
  public var fillLevel: Int {
    hasSpilled ? 100 : max(slots.count * 100 / maxCount, bytes * 100 / max(maxBytes, 1))
  }

  /// True when nothing waits, neither in memory nor in the journal.
  public var isEmpty: Bool { slots.isEmpty && !hasSpilled }

  /// The oldest row in memory.
  public var first: (sequence: UInt64, element: Element)? {
    slots.first.map { ($0.sequence, $0.element) }
  }

  /// A row has been committed to the journal. Sequences rise from call to call, with gaps or without.
  /// - Returns: true if it is kept in memory; false if it will be loaded, or has been already.
  @discardableResult
  public mutating func append(_ element: Element, sequence: UInt64, bytes: Int) -> Bool {
    guard sequence > newest else { return false }
    let isNext = !hasSpilled
    newest = sequence
    guard isNext, slots.isEmpty || (slots.count < maxCount && self.bytes + bytes <= maxBytes) else { return false }
    push(Slot(sequence: sequence, bytes: bytes, element: element))
    return true
  }

  /// Takes the oldest row out of memory.
  public mutating func popFirst() -> (sequence: UInt64, element: Element)? {
    guard let slot = slots.popFirst() else { return nil }
    bytes -= slot.bytes
    return (slot.sequence, slot.element)
  }

  /// Takes up to `count` of the oldest rows out of memory, stopping before the first that `isWanted` declines.
  public mutating func take(_ count: Int, while isWanted: (Element) -> Bool = { _ in true }) -> [Element] {
    var taken: [Element] = []
    // Taken out before it is looked at: that moves it, and copies nothing.
    while taken.count < count, let slot = slots.popFirst() {
      guard isWanted(slot.element) else {
        slots.prepend(slot)
        break
      }
      bytes -= slot.bytes
      taken.append(slot.element)
    }
    return taken
  }

  /// Takes every row that `isUnwanted` names out of memory, wherever it stands.
  public mutating func remove(where isUnwanted: (Element) -> Bool) -> [Element] {
    var removed: [Element] = []
    slots.removeAll { slot in
      guard isUnwanted(slot.element) else { return false }
      bytes -= slot.bytes
      removed.append(slot.element)
      return true
    }
    return removed
  }

  /// The load to ask the journal for, if rows are missing and half of the room is free; at most one is outstanding.
  /// The journal must serve it after the commits this window has been told of.
  public mutating func nextLoad() -> Load? {
    guard hasSpilled, outstanding == nil, slots.count <= maxCount / 2, bytes <= maxBytes / 2 else { return nil }
    lastLoad += 1
    let load = Load(
      id: lastLoad, after: reached, limit: maxCount - slots.count, maxBytes: max(maxBytes - bytes, 1))
    newestAtRequest = newest
    outstanding = load
    return load
  }

  /// The journal's answer.
  /// - Parameters:
  ///   - id: of the request; an answer to another one is ignored.
  ///   - rows: in order of sequence.
  ///   - reachedEnd: no later row was in the journal when it was read.
  public mutating func loaded(
    _ id: UInt64, rows: some Sequence<(sequence: UInt64, bytes: Int, element: Element)>, reachedEnd: Bool
  ) {
    guard outstanding?.id == id else { return }
    outstanding = nil
    for row in rows where row.sequence > reached {
      push(Slot(sequence: row.sequence, bytes: row.bytes, element: row.element))
    }
    // Sequences that were expected and not found have been removed. Those committed since the request may not have been
    // seen by it: they are still missing.
    if reachedEnd { reached = max(reached, newestAtRequest) }
    newest = max(newest, reached)
  }

  /// The journal could not read: the same rows may be asked for again.
  public mutating func loadFailed(_ id: UInt64) {
    if outstanding?.id == id { outstanding = nil }
  }

  /// Forgets what is in memory and starts again behind a sequence, for instance with what a lost session had not confirmed.
  /// The answer to a load that is under way will be ignored.
  public mutating func rewind(to sequence: UInt64) {
    slots.removeAll()
    bytes = 0
    reached = sequence
    newest = max(newest, sequence)
    outstanding = nil
  }

  private mutating func push(_ slot: Slot) {
    slots.append(slot)
    bytes += slot.bytes
    reached = slot.sequence
  }
}
