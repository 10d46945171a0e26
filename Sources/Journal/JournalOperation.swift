/// One change of the journal. Each kind can be applied twice with the result of once.
public enum JournalOperation: Sendable, Equatable {
  /// Adds rows; a row whose sequence is there already is replaced.
  case append(JournalSpool, [JournalRow])
  /// Replaces the `meta` of one row, if it is there.
  case amend(JournalSpool, sequence: UInt64, meta: [UInt8])
  /// Removes all rows up to and including a sequence.
  case trim(JournalSpool, upTo: UInt64)
  /// Removes single rows.
  case remove(JournalSpool, [UInt64])
  /// Sets a small record, or with nil removes it.
  case set(key: String, [UInt8]?)
  /// Sets the keys of these packet ids; a spool stands for the connection that fills it.
  case redelivery(JournalSpool, [RedeliveryKey])
  /// Removes all keys of a connection.
  case clearRedelivery(JournalSpool)
}

/// Changes that are made together or not at all.
public struct JournalBatch: Sendable, Equatable {
  /// The client's own number for it, returned with the outcome.
  public var ticket: UInt64
  /// The changes in their order; may be empty, for a sync alone.
  public var operations: [JournalOperation]
  /// Whether they, and everything before them, have to survive a power cut.
  public var sync: Bool

  /// A batch of these parts.
  public init(ticket: UInt64, operations: [JournalOperation], sync: Bool = false) {
    self.ticket = ticket
    self.operations = operations
    self.sync = sync
  }

  /// The bytes of the rows that it adds.
  var bytes: Int { operations.reduce(0) { $0 + $1.bytes } }
}

extension JournalOperation {
  /// The bytes of the rows that it adds.
  var bytes: Int {
    guard case .append(_, let rows) = self else { return 0 }
    return rows.reduce(0) { $0 + $1.bytes }
  }
}

/// What became of a batch.
public enum JournalOutcome: Sendable, Equatable {
  /// It is written: it survives the end of this process, and a power cut once a later batch is synced.
  case committed
  /// It and everything before it survive a power cut. Also without having been asked for, when another client asked.
  case synced
  /// Nothing of it is in effect. (If it was the flush that failed, and the process then ends, the next start may find it
  /// complete in the log.)
  case failed(JournalError)
}

/// The answer to a batch.
public struct JournalCompletion: Sendable, Equatable {
  /// The ticket of the batch.
  public var ticket: UInt64
  /// What became of it.
  public var outcome: JournalOutcome

  /// An answer of these parts.
  public init(ticket: UInt64, outcome: JournalOutcome) {
    self.ticket = ticket
    self.outcome = outcome
  }
}

/// Some rows of a spool.
public struct JournalPage: Sendable, Equatable {
  /// In order of sequence.
  public var rows: [JournalRow]
  /// Whether no later row was in the spool.
  public var reachedEnd: Bool

  /// A page of these parts.
  public init(rows: [JournalRow], reachedEnd: Bool) {
    self.rows = rows
    self.reachedEnd = reachedEnd
  }
}
