/// What the journal has done since it was opened.
public struct JournalStatistics: Sendable, Equatable {
  /// Transactions that were committed.
  public var transactions = 0
  /// How many of them were flushed to disk (`journal_syncs_total`), those that the journal made by itself included.
  public var syncs = 0
  /// How often the log was copied into the database.
  public var checkpoints = 0
  /// Transactions and checkpoints that failed.
  public var failures = 0
  /// The reason of the last of these; nil once a transaction has been committed again.
  public var lastFailure: JournalError?
}
