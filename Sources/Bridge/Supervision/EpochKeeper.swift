import Journal
import Platform

/// The `epoch` of every message: it changes when `seq` may have started again, because the state was erased or may have
/// been rolled back.
enum EpochKeeper {
  private static let key = "epoch"

  /// The epoch to use from now on. A new one is the time of its making in milliseconds since 1970, so that no two are the
  /// same even where nothing is remembered of the one before; it is written before any message carries it.
  static func epoch(journal: Journal, recovered: Recovered) throws -> UInt64 {
    let known = try journal.values(prefix: key).first { $0.key == key }.flatMap { TopicSequences.number($0.value) }
    switch recovered.continuity {
    case .closed, .interrupted: if let known { return known }
    case .new, .uncertain, .copied: break
    }
    let epoch = max(UInt64(max(Clocks.wall(), 0)), (known ?? 0) + 1)
    let client = journal.client(Silent.shared)
    client.submit(JournalBatch(ticket: 1, operations: [.set(key: key, TopicSequences.bytes(epoch))]))
    return epoch
  }

  /// Nobody waits for the answer: whatever carries the epoch is committed behind it.
  private final class Silent: JournalClient {
    static let shared = Silent()

    func journalCompleted(_ completions: [JournalCompletion]) {}

    func journalLoaded(_ id: UInt64, from spool: JournalSpool, result: Result<JournalPage, JournalError>) {}
  }
}
