import Journal
import Platform

/// The `epoch` of every message: it changes when `seq` may have started again, because the state was erased or may have
/// been rolled back.
enum EpochKeeper {
  private static let key = "epoch"
  /// How many doubts there had been about the state file when the epoch began.
  private static let doubtsKey = "epoch/doubts"

  /// The epoch to use from now on; it is written before any message carries it.
  static func epoch(journal: Journal, recovered: Recovered) throws -> UInt64 {
    let (epoch, note) = try epoch(state: journal, recovered: recovered, wallClock: Clocks.wall())
    guard !note.isEmpty else { return epoch }
    journal.client(Silent.shared).submit(JournalBatch(ticket: 1, operations: note))
    return epoch
  }

  /// The epoch to use from now on, and what the journal has to take note of before anything carries it.
  ///
  /// A new one is the time of its making in milliseconds since 1970, so that no two are the same even where nothing is remembered
  /// of the one before. It is due as long as the present one is from before the latest doubt: whoever had that doubt may have
  /// been killed before it was written down.
  static func epoch(
    state: any StateReader, recovered: Recovered, wallClock: Int64
  ) throws -> (epoch: UInt64, note: [JournalOperation]) {
    let values = try state.values(prefix: key)
    func number(_ key: String) -> UInt64? {
      values.first { $0.key == key }.flatMap { TopicSequences.number($0.value) }
    }
    let known = number(key)
    if let known, number(doubtsKey) ?? 0 == recovered.doubts { return (known, []) }
    let epoch = max(UInt64(max(wallClock, 0)), (known ?? 0) + 1)
    return (
      epoch,
      [
        .set(key: key, TopicSequences.bytes(epoch)), .set(key: doubtsKey, TopicSequences.bytes(recovered.doubts)),
      ]
    )
  }

  /// Nobody waits for the answer: whatever carries the epoch is committed behind it.
  private final class Silent: JournalClient {
    static let shared = Silent()

    func journalCompleted(_ completions: [JournalCompletion]) {}

    func journalLoaded(_ id: UInt64, from spool: JournalSpool, result: Result<JournalPage, JournalError>) {}
  }
}
