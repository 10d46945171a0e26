internal import DequeModule

/// What the log holds and the database does not, as far as it matters: a row that has been trimmed, or a record that has been
/// set anew, never gets into the database, and most of a bridge's rows live for a moment.
struct PendingChanges {
  fileprivate struct Rows {
    /// In order of sequence.
    var added: Deque<JournalRow> = []
    /// Rows up to here, and these, are gone; those in `added` came later.
    var trimmed: UInt64?
    var removed: [UInt64] = []
    /// New `meta` of rows that are in the database, if they are there.
    var amended: [UInt64: [UInt8]] = [:]
  }

  private struct Keys {
    /// Whether those in the database count for nothing.
    var isCleared = false
    var set: [UInt16: RedeliveryKey] = [:]
  }

  private var names: [(spool: JournalSpool, name: String)] = []
  private var rows: [JournalSpool: Rows] = [:]
  private var values: [String: [UInt8]?] = [:]
  private var keys: [JournalSpool: Keys] = [:]
  /// The latest changes, which are sorted in a few dozen at a time: nobody has to wait for that after each commit, and
  /// together it is less work.
  private var unsorted: [JournalOperation] = []
  private var unsortedWeight = 0
  private static let mostUnsorted = 64
  /// Whether there are none.
  private(set) var isEmpty = true

  // MARK: Adding

  mutating func add(_ spool: JournalSpool, name: String) {
    isEmpty = false
    names.append((spool, name))
  }

  mutating func add(_ operations: [JournalOperation]) {
    guard !operations.isEmpty else { return }
    isEmpty = false
    unsorted += operations
    for operation in operations { unsortedWeight += operation.weight }
    if unsortedWeight >= Self.mostUnsorted { sort() }
  }

  private mutating func sort() {
    for operation in unsorted { sort(operation) }
    unsorted.removeAll(keepingCapacity: true)
    unsortedWeight = 0
  }

  private mutating func sort(_ operation: JournalOperation) {
    switch operation {
    case .append(let spool, let new): for row in new { rows[spool, default: Rows()].add(row) }
    case .amend(let spool, let sequence, let meta): rows[spool, default: Rows()].amend(sequence, meta)
    case .trim(let spool, let last): rows[spool, default: Rows()].trim(upTo: last)
    case .remove(let spool, let sequences): for sequence in sequences { rows[spool, default: Rows()].remove(sequence) }
    case .set(let key, let value): values[key] = .some(value)
    case .redelivery(let connection, let new):
      for key in new { keys[connection, default: Keys()].set[key.packet] = key }
    case .clearRedelivery(let connection): keys[connection] = Keys(isCleared: true)
    }
  }

  // MARK: Into the database

  /// Makes the changes in the database.
  mutating func apply(to statements: Statements) throws(SQLiteError) {
    sort()
    for (spool, name) in names { try statements.add(spool, name: name) }
    for (spool, rows) in rows {
      if let last = rows.trimmed { try statements.apply(.trim(spool, upTo: last)) }
      try statements.apply(.remove(spool, rows.removed))
      // An empty queue's copy would write to the one empty array that all threads share.
      if !rows.added.isEmpty { try statements.apply(.append(spool, Array(rows.added))) }
      for (sequence, meta) in rows.amended { try statements.apply(.amend(spool, sequence: sequence, meta: meta)) }
    }
    for (key, value) in values { try statements.apply(.set(key: key, value)) }
    for (connection, keys) in keys {
      if keys.isCleared { try statements.apply(.clearRedelivery(connection)) }
      try statements.apply(.redelivery(connection, Array(keys.set.values)))
    }
  }

  // MARK: Reading

  /// What a page of the database is with these changes.
  /// - Parameters:
  ///   - page: rows of the database behind `after`.
  ///   - limit: as for ``JournalHandle/load(_:from:after:limit:maxBytes:)``.
  /// - Returns: nil if it cannot be told without making the changes in the database.
  mutating func changing(
    _ page: JournalPage, of spool: JournalSpool, after: UInt64, limit: Int, maxBytes: Int
  ) -> JournalPage? {
    sort()
    guard let changes = rows[spool] else { return page }
    guard changes.removed.isEmpty, changes.amended.isEmpty, changes.trimmed.map({ $0 <= after }) ?? true else {
      return nil
    }
    let added = changes.added[changes.position(of: after + 1)...]
    if let first = added.first, first.sequence <= page.rows.last?.sequence ?? after { return nil }
    guard page.reachedEnd else { return page }
    var page = page
    var bytes = page.rows.reduce(0) { $0 + $1.bytes }
    for row in added {
      if !page.rows.isEmpty, page.rows.count >= limit || bytes >= maxBytes {
        page.reachedEnd = false
        return page
      }
      page.rows.append(row)
      bytes += row.bytes
    }
    return page
  }
}

extension JournalOperation {
  /// How much work it is to sort it in, roughly.
  fileprivate var weight: Int {
    switch self {
    case .append(_, let rows): 1 + rows.count
    case .remove(_, let sequences): 1 + sequences.count
    case .redelivery(_, let keys): 1 + keys.count
    case .amend, .trim, .set, .clearRedelivery: 1
    }
  }
}

extension PendingChanges.Rows {
  fileprivate mutating func add(_ row: JournalRow) {
    if !amended.isEmpty { amended[row.sequence] = nil }
    let position = position(of: row.sequence)
    if position < added.count, added[position].sequence == row.sequence {
      added[position] = row
    } else {
      added.insert(row, at: position)
    }
  }

  fileprivate mutating func amend(_ sequence: UInt64, _ meta: [UInt8]) {
    let position = position(of: sequence)
    if position < added.count, added[position].sequence == sequence {
      added[position].meta = meta
    } else {
      amended[sequence] = meta
    }
  }

  fileprivate mutating func trim(upTo last: UInt64) {
    while let first = added.first, first.sequence <= last { added.removeFirst() }
    if !removed.isEmpty { removed.removeAll { $0 <= last } }
    if !amended.isEmpty { amended = amended.filter { $0.key > last } }
    trimmed = max(trimmed ?? 0, last)
  }

  fileprivate mutating func remove(_ sequence: UInt64) {
    let position = position(of: sequence)
    if position < added.count, added[position].sequence == sequence { added.remove(at: position) }
    if !amended.isEmpty { amended[sequence] = nil }
    removed.append(sequence)
  }

  /// Where a row of that sequence is, or would be. Rows come in order, but for rare ones.
  fileprivate func position(of sequence: UInt64) -> Int {
    guard let last = added.last?.sequence, last >= sequence else { return added.count }
    var (low, high) = (0, added.count)
    while low < high {
      let middle = (low + high) / 2
      if added[middle].sequence < sequence { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
