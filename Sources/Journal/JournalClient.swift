internal import Platform

/// Who is told what became of its batches and loads. Called on the journal's thread, each time with everything there is to
/// tell, so that an owner on another thread crosses over once.
public protocol JournalClient: AnyObject, Sendable {
  /// Batches are done, in the order of their submission.
  func journalCompleted(_ completions: [JournalCompletion])

  /// A load is done. It saw everything submitted before it by anyone, and possibly more.
  /// - Parameter id: as it was given to ``JournalHandle/load(_:from:after:limit:maxBytes:)``.
  func journalLoaded(_ id: UInt64, from spool: JournalSpool, result: Result<JournalPage, JournalError>)
}

/// One client's way into the journal, made by ``Journal/client(_:)``. Every call returns at once and may come from any thread;
/// the order of one client's calls is kept.
public final class JournalHandle: Sendable {
  private struct State {
    var epoch: UInt64 = 0
    /// The epoch in which a batch has failed, and why.
    var failure: (epoch: UInt64, error: JournalError)?
  }

  private weak let client: (any JournalClient)?
  private let writer: JournalWriter
  private let state = Lock(State())

  init(client: any JournalClient, writer: JournalWriter) {
    self.client = client
    self.writer = writer
  }

  /// Hands over changes. All that waits, from all clients, is written in one transaction.
  ///
  /// Once a batch has failed, every batch submitted after it fails too, so that no later message is kept without the
  /// earlier; ``startOver()`` ends that.
  public func submit(_ batch: JournalBatch) { writer.post(.batch(submission(batch))) }

  /// The same, but if nothing else is to be done the batch is written at once, on the caller's thread.
  ///
  /// Nothing orders its outcome after those that the client has yet to be told: for whoever waits for none.
  /// - Returns: its outcome, of which the client is not told; nil if it was handed over.
  public func write(_ batch: JournalBatch) -> JournalOutcome? {
    let submission = submission(batch)
    if let outcome = writer.writeAtOnce(submission) { return outcome }
    writer.post(.batch(submission))
    return nil
  }

  private func submission(_ batch: JournalBatch) -> JournalWriter.Submission {
    .init(handle: self, epoch: state.withLock { $0.epoch }, batch: batch)
  }

  /// The client has been told of a failure, has dropped what depended on it, and submits anew: what is submitted from now
  /// on is tried again.
  public func startOver() { state.withLock { $0.epoch += 1 } }

  /// Asks for rows.
  /// - Parameters:
  ///   - id: the client's own number for it.
  ///   - spool: where from.
  ///   - sequence: only rows with a higher one.
  ///   - limit: at most so many rows; at least 1.
  ///   - maxBytes: stop once ``JournalRow/bytes`` of the rows add up to so much.
  public func load(
    _ id: UInt64, from spool: JournalSpool, after sequence: UInt64, limit: Int, maxBytes: Int = .max
  ) {
    writer.post(
      .load(.init(handle: self, id: id, spool: spool, after: sequence, limit: max(limit, 1), maxBytes: maxBytes)))
  }

  // MARK: On the journal's thread

  /// The failure that keeps a batch of this epoch from being written.
  func failure(in epoch: UInt64) -> JournalError? {
    state.withLock { state in
      guard let failure = state.failure, epoch <= failure.epoch else { return nil }
      return failure.error
    }
  }

  func failed(in epoch: UInt64, with error: JournalError) {
    state.withLock { $0.failure = (epoch, error) }
  }

  func completed(_ completions: [JournalCompletion]) { client?.journalCompleted(completions) }

  func loaded(_ id: UInt64, from spool: JournalSpool, result: Result<JournalPage, JournalError>) {
    client?.journalLoaded(id, from: spool, result: result)
  }
}
