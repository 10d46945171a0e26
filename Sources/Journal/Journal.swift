internal import Platform

/// The state file: every message on its way, and what has to be remembered about sessions, on disk.
///
/// One thread writes. Clients hand it batches of changes and are told when these are written; whatever waits when the thread
/// comes round is one transaction, so the cost of a commit is shared by all that came meanwhile.
public final class Journal: Sendable {
  private struct Spools {
    var known: [String: JournalSpool] = [:]
    var next: Int64 = 1
  }

  private let writer: JournalWriter
  private let thread: NativeThread
  private let spools = Lock(Spools())
  private let isClosed = Lock(false)

  /// Opens the journal, making it if there is none, and starts its thread.
  /// - Parameters:
  ///   - path: the state file. Missing directories above it are made, for its user alone, as is the file.
  ///   - syncInterval: after so long at most, what was written is flushed to disk even if nobody asked.
  /// - Returns: the journal and what was found in it.
  /// - Throws: ``JournalError``; a file that is not a journal, is damaged, or was written by a later version is left as it is.
  public static func open(
    path: String, syncInterval: Duration = .seconds(600)
  ) throws(JournalError) -> (Journal, Recovered) {
    try open(try Store(path: path), syncInterval: syncInterval)
  }

  static func open(
    _ store: sending Store, options: Store.Options = .init(), syncInterval: Duration = .seconds(600)
  ) throws(JournalError) -> (Journal, Recovered) {
    let recovered = store.recovered
    let journal = try Journal(path: store.path, options: options, store: store, syncInterval: syncInterval)
    journal.found(recovered)
    return (journal, recovered)
  }

  /// A journal whose file is not open yet: until ``reopen(damage:)`` has succeeded, everything that is asked of it fails.
  public convenience init(path: String, syncInterval: Duration = .seconds(600)) throws(JournalError) {
    try self.init(path: path, options: .init(), store: nil, syncInterval: syncInterval)
  }

  private init(
    path: String, options: Store.Options, store: sending Store?, syncInterval: Duration
  ) throws(JournalError) {
    do throws(SystemError) {
      let writer = try JournalWriter(path: path, options: options, store: store, syncInterval: syncInterval)
      self.writer = writer
      thread = try NativeThread(name: "journal") { writer.run() }
    } catch {
      throw JournalError(error.call, path: path, code: error.code)
    }
  }

  /// Opens the file, or closes it and opens it again behind everything that has been submitted, which is answered first.
  /// What is in memory of it, and what was in doubt after a failure, counts for nothing afterwards: what the file holds does.
  ///
  /// A file that is damaged, or something else than a journal, is set aside and a new one begun; ``Recovered/setAside``
  /// tells. The right to the file is kept whether this succeeds or not.
  /// - Parameter damage: what a reader has found wrong with the file: it is set aside in any case.
  /// - Throws: ``JournalError``, if there still is no room for instance; the journal then fails everything, and this may
  ///   be called again.
  public func reopen(damage: String? = nil) async throws(JournalError) -> Recovered {
    let result = await withCheckedContinuation { continuation in
      writer.post(.reopen(damage: damage) { continuation.resume(returning: $0) })
    }
    let recovered = try result.get()
    found(recovered)
    return recovered
  }

  private func found(_ recovered: Recovered) {
    spools.withLock { spools in
      spools = Spools()
      for spool in recovered.spools {
        spools.known[spool.name] = spool.spool
        spools.next = max(spools.next, spool.spool.id + 1)
      }
    }
  }

  deinit { try? close(clean: false) }

  /// The spool of that name, made if there is none. Returns at once.
  public func spool(_ name: String) -> JournalSpool {
    spools.withLock { spools in
      if let spool = spools.known[name] { return spool }
      let spool = JournalSpool(id: spools.next)
      spools.next += 1
      spools.known[name] = spool
      // Within the lock, so that it comes before any batch for the spool.
      writer.post(.spool(spool, name: name))
      return spool
    }
  }

  /// A way into the journal for one client.
  /// - Parameter client: who is told what became of its batches; not kept alive by this.
  public func client(_ client: any JournalClient) -> JournalHandle {
    JournalHandle(client: client, writer: writer)
  }

  /// The small records whose key begins with `prefix`, in order of key. Waits while a transaction is under way: for the start,
  /// not for an event loop.
  public func values(prefix: String) throws(JournalError) -> [(key: String, value: [UInt8])] {
    try writer.reading { (store) throws(JournalError) in try store.values(prefix: prefix) }
  }

  /// The redelivery keys of a connection, in order of packet id. Waits like ``values(prefix:)``.
  public func redeliveryKeys(of connection: JournalSpool) throws(JournalError) -> [RedeliveryKey] {
    try writer.reading { (store) throws(JournalError) in try store.redeliveryKeys(of: connection) }
  }

  /// Rows of a spool. Waits like ``values(prefix:)``; an event loop uses ``JournalHandle/load(_:from:after:limit:maxBytes:)``.
  public func rows(
    of spool: JournalSpool, after sequence: UInt64 = 0, limit: Int, maxBytes: Int = .max
  ) throws(JournalError) -> JournalPage {
    try writer.reading { (store) throws(JournalError) in
      try store.page(of: spool, after: sequence, limit: max(limit, 1), maxBytes: maxBytes)
    }
  }

  /// What the journal has done since it was opened.
  public var statistics: JournalStatistics { writer.statistics }

  /// How many bytes the state file and its log have on the disk.
  public var fileBytes: Int { writer.fileBytes }

  /// Writes what has been submitted, answers it, closes the file and gives it free. What is submitted later is not answered.
  /// Waits for all that; not to be called from a client's callback.
  /// - Parameter clean: flush everything to disk and mark the file as complete. Otherwise it is left as a process leaves it
  ///   that is killed.
  /// - Throws: why the file could not be marked as complete; it is closed nevertheless.
  public func close(clean: Bool = true) throws(JournalError) {
    let isFirst = isClosed.withLock { isClosed in
      defer { isClosed = true }
      return !isClosed
    }
    guard isFirst else { return }
    writer.post(.stop(clean: clean))
    thread.join()
    if let error = writer.closingError { throw error }
  }
}
