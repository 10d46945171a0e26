import Dispatch
import Glibc
import Journal
import Platform

extension Operation {
  /// The journal: rows of 100 messages and the commit that they share, then their removal. No sync: what a disk takes is
  /// no matter of instructions.
  static let journal = [
    Operation("journal.100", repetitions: 50) {
      let scratch = try Scratch()
      return { repetitions in
        var sequence: UInt64 = 0
        for _ in 0..<repetitions { sequence = try scratch.appendAndTrim(100, after: sequence) }
        return Int(sequence)
      }
    }
  ]
}

/// A journal in a directory of its own, which goes with it.
private final class Scratch: JournalClient {
  private let folder: String
  private let journal: Journal
  private let spool: JournalSpool
  private let failed = Lock(false)
  private let done = DispatchSemaphore(value: 0)
  private let row = (meta: [UInt8](repeating: 7, count: 40), body: Array(Sample.chat.utf8))

  init() throws {
    var template = Array("/tmp/bridge-journal-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw SystemError(call: "mkdtemp", code: errno) }
    folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    (journal, _) = try Journal.open(path: folder + "/state.sqlite")
    spool = journal.spool("home-out")
  }

  deinit {
    try? journal.close(clean: false)
    for suffix in ["", "-wal", "-shm", ".lock"] { unlink(folder + "/state.sqlite" + suffix) }
    rmdir(folder)
  }

  /// Adds rows, waits until they are written, removes them, and waits for that.
  /// - Returns: the sequence of the last.
  func appendAndTrim(_ count: Int, after sequence: UInt64) throws -> UInt64 {
    let last = sequence + UInt64(count)
    let rows = (sequence + 1...last).map {
      JournalRow(sequence: $0, time: 1_763_853_600_123, kind: 1, meta: row.meta, body: row.body)
    }
    try submit(.append(spool, rows), ticket: last)
    try submit(.trim(spool, upTo: last), ticket: last)
    return last
  }

  private func submit(_ operation: JournalOperation, ticket: UInt64) throws {
    journal.client(self).submit(JournalBatch(ticket: ticket, operations: [operation]))
    done.wait()
    if failed.withLock({ $0 }) { throw SystemError(call: "commit", code: EIO) }
  }

  func journalCompleted(_ completions: [JournalCompletion]) {
    for completion in completions {
      if case .failed = completion.outcome { failed.withLock { $0 = true } }
      done.signal()
    }
  }

  func journalLoaded(_ id: UInt64, from spool: JournalSpool, result: Result<JournalPage, JournalError>) {}
}
