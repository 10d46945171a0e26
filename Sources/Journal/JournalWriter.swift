internal import Glibc
internal import Platform

/// The journal's thread: takes everything that waits, writes it in one transaction, then tells each client once. While
/// it has nothing to do, a client may write a batch itself.
final class JournalWriter: Sendable {
  struct Submission: Sendable {
    let handle: JournalHandle
    let epoch: UInt64
    let batch: JournalBatch
  }

  struct Load: Sendable {
    let handle: JournalHandle
    let id: UInt64
    let spool: JournalSpool
    let after: UInt64
    let limit: Int
    let maxBytes: Int
  }

  enum Message: Sendable {
    case batch(Submission)
    case load(Load)
    case spool(JournalSpool, name: String)
    /// Opens the file anew; damage says that it has to be put out of the way first, and why.
    case reopen(damage: String?, answer: @Sendable (Result<Recovered, JournalError>) -> Void)
    case stop(clean: Bool)
  }

  private let inbox = Inbox<Message>()
  private let wakeUp: WakeUp
  private let path: String
  private let options: Store.Options
  private let syncInterval: Duration
  /// Held by whoever writes.
  private let turn: Lock<State>
  /// Nil while the file is not open.
  private let store: Lock<Store?>
  /// Why it is not.
  private let absence = Lock(JournalError.closed)
  /// A copy that can be read while a transaction is under way.
  private let published = Lock(JournalStatistics())
  private let closingFailure = Lock<JournalError?>(nil)

  /// - Parameters:
  ///   - store: the file, if it is open already.
  ///   - options: how it is opened anew.
  init(path: String, options: Store.Options, store: sending Store?, syncInterval: Duration) throws(SystemError) {
    wakeUp = try WakeUp()
    self.path = path
    self.options = options
    self.syncInterval = syncInterval
    turn = Lock(State(lock: store?.lock))
    self.store = Lock(store)
  }

  /// Hands a message to the thread.
  func post(_ message: Message) {
    if inbox.append(message) { wakeUp.signal() }
  }

  var statistics: JournalStatistics { published.withLock { $0 } }

  var fileBytes: Int { ["", "-wal", "-log"].reduce(0) { $0 + StateFile.size(path + $1) } }

  /// Why closing failed, if it did. Known once ``run()`` has returned.
  var closingError: JournalError? { closingFailure.withLock { $0 } }

  /// Reads on the caller's thread, between two transactions.
  func reading<Value: Sendable>(
    _ body: (Store) throws(JournalError) -> Value
  ) throws(JournalError) -> Value {
    try store.withLock { (store) throws(JournalError) in
      guard let store else { throw absence.withLock { $0 } }
      return try body(store)
    }
  }

  // MARK: Turns

  /// What only who has the turn knows.
  private struct State {
    /// Spools whose names are not in the database yet.
    var spools: [(spool: JournalSpool, name: String)] = []
    /// When what was written has to be flushed at the latest.
    var syncDue: Duration?
    /// The right to the file, kept while it is not open, so that no other process takes it meanwhile.
    var lock: OwnerLock?
    /// Whether the last store was given up in doubt.
    var isInDoubt = false
  }

  /// Writes a batch here and now if that comes to the same as handing it over: if the thread has nothing to do, and the batch
  /// asks for nothing that may take long. Waking the thread and being woken by it costs several times what the writing does.
  /// - Returns: nil if it has to be handed over.
  func writeAtOnce(_ submission: Submission) -> JournalOutcome? {
    let batch = submission.batch
    guard !batch.sync, batch.bytes <= Self.mostAtOnce, submission.handle.failure(in: submission.epoch) == nil else {
      return nil
    }
    return turn.withLockIfFree { state in
      // The thread waits until a sync is due; it would have to hear of the first one.
      guard inbox.isEmpty, state.spools.isEmpty, let due = state.syncDue, due > Clocks.monotonic() else { return nil }
      CrashPoint.reached("before-commit")
      // A failure is the thread's to deal with: it tries once more, taking its time.
      let isCopyDue = try? withStore { (store) throws(JournalError) -> Bool? in
        guard !store.isInDoubt else { return nil }
        _ = try store.commit([batch.operations], sync: false, mayFold: false)
        return store.isCopyDue
      }
      guard let isCopyDue else { return nil }
      CrashPoint.reached("after-commit")
      if isCopyDue { wakeUp.signal() }
      return .committed
    } ?? nil
  }

  /// In bytes, so that nobody's event loop is held up by megabytes.
  private static let mostAtOnce = 256 << 10

  /// The thread's body: returns when the journal is closed.
  func run() {
    while true {
      wait(until: turn.withLock { $0.syncDue })
      wakeUp.clear()
      let clean = turn.withLock { state in work(on: inbox.drain(), &state) }
      if let clean { return close(clean: clean) }
    }
  }

  private func wait(until due: Duration?) {
    var milliseconds: Int32 = -1
    if let due {
      let rest = max(due - Clocks.monotonic(), .zero)
      milliseconds = Int32(
        clamping: rest.components.seconds * 1_000 + rest.components.attoseconds / 1_000_000_000_000_000 + 1)
    }
    var descriptor = pollfd(fd: wakeUp.descriptor, events: Int16(POLLIN), revents: 0)
    unsafe poll(&descriptor, 1, milliseconds)
  }

  /// Does what the messages ask for; returns how to close if one of them says so.
  private func work(on messages: [Message], _ state: inout State) -> Bool? {
    var submissions: [Submission] = []
    var loads: [Load] = []
    var openings: [(damage: String?, answer: @Sendable (Result<Recovered, JournalError>) -> Void)] = []
    var clean: Bool?
    for message in messages {
      switch message {
      case .batch(let submission): submissions.append(submission)
      case .spool(let spool, let name): state.spools.append((spool, name))
      case .load(let load): loads.append(load)
      case .reopen(let damage, let answer): openings.append((damage, answer))
      case .stop(let isClean): clean = isClean
      }
    }
    write(submissions, &state)
    for load in loads { serve(load) }
    try? withStore { $0.copyIfDue() }
    for (damage, answer) in openings { answer(reopen(damage: damage, &state)) }
    return clean
  }

  /// Writes the batches in one transaction and tells each client what became of its own.
  private func write(_ submissions: [Submission], _ state: inout State) {
    let refusals = submissions.map { $0.handle.failure(in: $0.epoch) }
    let accepted = zip(submissions, refusals).filter { $0.1 == nil }.map(\.0)
    let now = Clocks.monotonic()
    let isDue = state.syncDue.map { $0 <= now } ?? false

    let outcome: JournalOutcome
    do {
      let batches = accepted.map(\.batch.operations)
      let sync = isDue || accepted.contains { $0.batch.sync }
      CrashPoint.reached(sync ? "before-sync" : "before-commit")
      let isSynced = try withStore { [spools = state.spools] (store) throws(JournalError) in
        try store.commit(batches, spools: spools, sync: sync)
      }
      CrashPoint.reached(sync ? "after-sync" : "after-commit")
      state.spools = []
      state.syncDue = isSynced ? nil : state.syncDue ?? now + syncInterval
      outcome = isSynced ? .synced : .committed
    } catch {
      for submission in accepted { submission.handle.failed(in: submission.epoch, with: error) }
      if isDue { state.syncDue = now + syncInterval }
      outcome = .failed(error)
    }

    // Clients are few: a list of them is found faster than a dictionary is filled.
    var answers: [(handle: JournalHandle, completions: [JournalCompletion])] = []
    for (submission, refusal) in zip(submissions, refusals) {
      let completion = JournalCompletion(
        ticket: submission.batch.ticket, outcome: refusal.map(JournalOutcome.failed) ?? outcome)
      if let index = answers.firstIndex(where: { $0.handle === submission.handle }) {
        answers[index].completions.append(completion)
      } else {
        answers.append((submission.handle, [completion]))
      }
    }
    for (handle, completions) in answers { handle.completed(completions) }
  }

  private func serve(_ load: Load) {
    let result: Result<JournalPage, JournalError>
    do {
      result = .success(
        try reading { (store) throws(JournalError) in
          try store.page(of: load.spool, after: load.after, limit: load.limit, maxBytes: load.maxBytes)
        })
    } catch {
      result = .failure(error)
    }
    load.handle.loaded(load.id, from: load.spool, result: result)
  }

  // MARK: Opening and closing

  private func reopen(damage: String?, _ state: inout State) -> Result<Recovered, JournalError> {
    let before = statistics
    let result: Result<Recovered, JournalError>
    do {
      let recovered = try store.withLock { [path, options] (store) throws(JournalError) in
        state.isInDoubt = state.isInDoubt || store?.isInDoubt == true
        store = nil
        try StateFile.makeParent(of: path)
        let lock = if let lock = state.lock { lock } else { try OwnerLock(path: path) }
        state.lock = lock
        var opener = StoreOpener(path: path, options: options, lock: lock, statistics: before)
        let opened = try opener.open(damage: damage, isInDoubt: state.isInDoubt)
        defer { store = opened }
        var recovered = opened.recovered
        recovered.setAside = opener.setAside
        return recovered
      }
      state = State(lock: state.lock)
      result = .success(recovered)
    } catch {
      absence.withLock { $0 = error }
      published.withLock { $0.lastFailure = error }
      result = .failure(error)
    }
    return result
  }

  private func close(clean: Bool) {
    if clean {
      do {
        try withStore { (store) throws(JournalError) in try store.finish() }
      } catch {
        closingFailure.withLock { $0 = error }
      }
    }
    store.withLock { $0 = nil }
    absence.withLock { $0 = .closed }
    // Last: the file is closed before the next owner may have it.
    turn.withLock { $0 = State() }
  }

  /// Changes the store and publishes what that did to the statistics.
  private func withStore<Value: Sendable>(
    _ body: (Store) throws(JournalError) -> Value
  ) throws(JournalError) -> Value {
    try reading { (store) throws(JournalError) in
      defer { published.withLock { [statistics = store.statistics] in $0 = statistics } }
      return try body(store)
    }
  }
}
