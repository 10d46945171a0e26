import Dispatch
import Glibc
import Platform
import Testing

@testable import Journal

/// A directory of a test's own, removed with the value.
struct TemporaryDirectory: ~Copyable {
  let path: String

  init() throws {
    var template = Array("/tmp/journal-tests-XXXXXX".utf8CString)
    let made = mkdtemp(&template) != nil
    try #require(made)
    path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  deinit {
    let path = path
    remove(path)
  }

  func file(_ name: String = "state.sqlite") -> String { path + "/" + name }
}

/// Removes a file or a directory with everything in it.
private func remove(_ path: String) {
  for name in names(in: path) { remove(path + "/" + name) }
  Glibc.remove(path)
}

/// What a directory holds, sorted; nothing if it is none.
func names(in path: String) -> [String] {
  guard let directory = opendir(path) else { return [] }
  defer { closedir(directory) }
  var names: [String] = []
  while let entry = readdir(directory) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
      pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    if name != "." && name != ".." { names.append(name) }
  }
  return names.sorted()
}

/// A file's bytes; nil if there is none.
func contents(_ path: String) -> [UInt8]? {
  let descriptor = open(path, O_RDONLY)
  guard descriptor >= 0 else { return nil }
  defer { close(descriptor) }
  var bytes: [UInt8] = []
  var block = [UInt8](repeating: 0, count: 65_536)
  while case let count = read(descriptor, &block, block.count), count > 0 { bytes += block.prefix(count) }
  return bytes
}

func write(_ bytes: [UInt8], to path: String) throws {
  let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
  try #require(descriptor >= 0)
  defer { close(descriptor) }
  var written = 0
  while written < bytes.count {
    let count = bytes.withUnsafeBytes {
      pwrite(descriptor, $0.baseAddress! + written, $0.count - written, off_t(written))
    }
    try #require(count > 0)
    written += count
  }
}

/// Copies the state file and its logs as they are at this moment, as if the process had been killed.
func copyState(from source: String, to target: String) throws {
  for suffix in ["", "-wal", "-log"] {
    if let bytes = contents(source + suffix) { try write(bytes, to: target + suffix) }
  }
}

func mode(_ path: String) -> mode_t {
  var status = stat()
  stat(path, &status)
  return status.st_mode & 0o777
}

func row(_ sequence: UInt64, time: Int64 = 0, _ body: String = "") -> JournalRow {
  JournalRow(sequence: sequence, time: time, kind: 1, meta: [7], body: Array(body.utf8))
}

/// A client that remembers what it was told and can be waited for.
final class RecordingClient: JournalClient {
  struct Told {
    var calls = 0
    var completions: [JournalCompletion] = []
    var loads: [UInt64: Result<JournalPage, JournalError>] = [:]
  }

  private let told = Lock(Told())
  private let news = DispatchSemaphore(value: 0)

  func journalCompleted(_ completions: [JournalCompletion]) {
    told.withLock {
      $0.calls += 1
      $0.completions += completions
    }
    news.signal()
  }

  func journalLoaded(_ id: UInt64, from spool: JournalSpool, result: Result<JournalPage, JournalError>) {
    told.withLock { $0.loads[id] = result }
    news.signal()
  }

  /// What was told until now.
  var soFar: Told { told.withLock { $0 } }

  /// Waits for the outcome of a batch.
  @discardableResult
  func outcome(of ticket: UInt64) -> JournalOutcome {
    while true {
      if let completion = told.withLock({ $0.completions.first { $0.ticket == ticket } }) { return completion.outcome }
      news.wait()
    }
  }

  /// Waits for the answer to a load.
  func page(_ id: UInt64) throws -> JournalPage {
    while true {
      if let result = told.withLock({ $0.loads[id] }) { return try result.get() }
      news.wait()
    }
  }
}

/// A client that keeps the journal's thread in its callback until it is released, so that other work piles up.
final class HoldingClient: JournalClient {
  private let entered = DispatchSemaphore(value: 0)
  private let mayLeave = DispatchSemaphore(value: 0)

  func journalCompleted(_: [JournalCompletion]) {
    entered.signal()
    mayLeave.wait()
  }

  func journalLoaded(_: UInt64, from _: JournalSpool, result _: Result<JournalPage, JournalError>) {}

  /// Stops the thread, runs `body`, lets the thread go on.
  func hold(_ journal: Journal, while body: () -> Void) {
    journal.client(self).submit(JournalBatch(ticket: 0, operations: []))
    entered.wait()
    body()
    mayLeave.signal()
  }
}

extension Journal {
  /// All rows of a spool.
  func all(_ spool: JournalSpool) throws -> [JournalRow] { try rows(of: spool, limit: .max).rows }
}
