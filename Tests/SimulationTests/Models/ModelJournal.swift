import DequeModule

@testable import Bridge
@testable import Journal

/// The state file as the bridge relies on it: batches are written in their order, all that wait in one transaction; what is
/// written survives the process; what is flushed survives the power.
final class ModelJournal {
  /// The spools of the one account.
  enum Spool: String, CaseIterable {
    case outbound = "home/out"
    case inbound = "home/in"

    var spool: JournalSpool { JournalSpool(id: self == .outbound ? 1 : 2) }
  }

  /// A row, and the name of the message in it; nil for a status.
  struct Row {
    var row: JournalRow
    var name: String?
  }

  /// What one reads in the file.
  struct Content {
    var spools: [JournalSpool: [UInt64: Row]] = [:]
    var values: [String: [UInt8]] = [:]
    var keys: [UInt16: RedeliveryKey] = [:]
    /// Names of all messages that were ever in a spool.
    var taken: [JournalSpool: Set<String>] = [:]
  }

  private struct Work {
    var ticket: UInt64
    var operations: [JournalOperation]
    var sync: Bool
  }

  private struct Load {
    var id: UInt64
    var spool: JournalSpool
    var after: UInt64
    var limit: Int
    var maxBytes: Int
  }

  private unowned let world: World
  /// What the file may hold if the power goes now, the oldest first; the last is what it holds otherwise.
  private var history = [Content()]
  private(set) var continuity = Recovered.Continuity.new
  private var openings: Int64 = 0
  private var doubts: UInt64 = 0

  private var queue: [Work] = []
  private var loads: [Load] = []
  /// What the present transaction writes.
  private var underWay: [Work]?
  private var stalledUntil = Duration.zero

  init(world: World) { self.world = world }

  var content: Content { history[history.count - 1] }

  // MARK: The bridge's thread

  func submit(ticket: UInt64, _ operations: [JournalOperation], sync: Bool) {
    queue.append(Work(ticket: ticket, operations: operations, sync: sync))
    wake()
  }

  /// Written by the caller, for which the thread has to be idle; whether it is found so is a matter of luck.
  func writeAtOnce(ticket: UInt64, _ operations: [JournalOperation]) -> Bool {
    guard underWay == nil, queue.isEmpty, loads.isEmpty, world.now >= stalledUntil, world.chance(50) else {
      return false
    }
    write([Work(ticket: ticket, operations: operations, sync: false)])
    world.note("journal: \(ticket) written at once")
    return true
  }

  func load(_ id: UInt64, from spool: JournalSpool, after: UInt64, limit: Int, maxBytes: Int) {
    loads.append(Load(id: id, spool: spool, after: after, limit: limit, maxBytes: maxBytes))
    wake()
  }

  private func wake() {
    guard underWay == nil else { return }
    underWay = []
    let number = world.process?.number
    world.after(world.scenario.hop) { [self] in if world.process?.number == number { begin() } }
  }

  // MARK: The journal's thread

  private func begin() {
    let works = queue
    let asked = loads
    (queue, loads) = ([], [])
    underWay = works
    let sync = works.contains(where: \.sync)
    var end = world.now + world.draw(world.scenario.disk) + (sync ? world.draw(world.scenario.flush) : .zero)
    end = max(end, stalledUntil)
    let number = world.process?.number
    world.at(end) { [self] in
      guard world.process?.number == number else { return }
      write(works)
      if sync { history = [content] }
      underWay = nil
      world.note("journal: \(works.map(\.ticket)) \(sync ? "synced" : "written")")
      let pages = asked.map {
        ($0.id, $0.spool, page(of: $0.spool, after: $0.after, limit: $0.limit, maxBytes: $0.maxBytes))
      }
      if !works.isEmpty { world.process?.journalCompleted(works.map(\.ticket)) }
      for (id, spool, page) in pages { world.process?.journalLoaded(id, from: spool, page) }
      if !queue.isEmpty || !loads.isEmpty { wake() }
    }
  }

  private func write(_ works: [Work]) {
    guard !works.allSatisfy(\.operations.isEmpty) else { return }
    var next = content
    for work in works { for operation in work.operations { next.apply(operation) } }
    history.append(next)
  }

  // MARK: Faults

  func stall(for duration: Duration) { stalledUntil = world.now + duration }

  func recover() { stalledUntil = .zero }

  /// The process was killed. What its thread was writing is there as a whole or not at all.
  func processDied(number: Int) {
    if let works = underWay, world.chance(50) { write(works) }
    (queue, loads, underWay) = ([], [], nil)
    if continuity != .uncertain { continuity = .interrupted }
  }

  /// The power is cut: what was not flushed may be there or not, but nothing without what came before it.
  func cutPower() {
    history = [history[world.below(history.count)]]
    continuity = .uncertain
  }

  func erase() {
    history = [Content()]
    continuity = .new
    doubts = 0
  }

  // MARK: The witness's view

  var isAtRest: Bool {
    queue.isEmpty && underWay == nil && Spool.allCases.allSatisfy { content.spools[$0.spool]?.isEmpty != false }
  }

  /// Names of the messages in a spool, in their order.
  func names(in spool: Spool) -> [String] { content.rows(spool.spool).compactMap(\.name) }

  func count(in spool: Spool) -> Int { content.spools[spool.spool]?.count ?? 0 }

  /// Names of the messages in a spool after a row.
  func names(in spool: Spool, after sequence: UInt64) -> [String] {
    content.rows(spool.spool).filter { $0.row.sequence > sequence }.compactMap(\.name)
  }

  /// Whether a message was ever taken in, as far as the file knows.
  func hasTaken(_ name: String, in spool: Spool) -> Bool { content.taken[spool.spool]?.contains(name) == true }

  /// Whether the bridge would know after a power cut that the account has an archive.
  var isArchiveKnown: Bool {
    history.allSatisfy { content in
      guard let bytes = content.values["home/session"] else { return false }
      return (try? SessionRecord(bytes))?.archive.isStarted == true
    }
  }

  /// Whether a message would be there after a power cut.
  func hasOnDisk(_ name: String, in spool: Spool) -> Bool {
    history.allSatisfy { $0.spools[spool.spool]?.values.contains { $0.name == name } == true }
  }

  // MARK: A start

  /// The file is opened by a new process, which takes note of a doubt before it does anything else.
  func open() -> Recovered {
    let found = continuity
    openings += 1
    if found == .uncertain { doubts += 1 }
    continuity = .interrupted
    let spools = Spool.allCases.map { spool in
      let rows = content.rows(spool.spool)
      return Recovered.Spool(
        spool: spool.spool, name: spool.rawValue, first: rows.first?.row.sequence, last: rows.last?.row.sequence,
        count: rows.count, bytes: rows.reduce(0) { $0 + $1.row.bytes })
    }
    return Recovered(continuity: found, generation: openings, doubts: doubts, spools: spools)
  }
}

extension ModelJournal: StateReader {
  func spool(_ name: String) -> JournalSpool { Spool(rawValue: name)?.spool ?? JournalSpool(id: 3) }

  func rows(of spool: JournalSpool, after: UInt64, limit: Int, maxBytes: Int) -> JournalPage {
    page(of: spool, after: after, limit: limit, maxBytes: maxBytes)
  }

  func values(prefix: String) -> [(key: String, value: [UInt8])] {
    content.values.filter { $0.key.hasPrefix(prefix) }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  func redeliveryKeys(of connection: JournalSpool) -> [RedeliveryKey] {
    content.keys.values.sorted { $0.packet < $1.packet }
  }

  private func page(of spool: JournalSpool, after: UInt64, limit: Int, maxBytes: Int) -> JournalPage {
    let rows = content.rows(spool).filter { $0.row.sequence > after }
    var bytes = 0
    var taken: [JournalRow] = []
    for row in rows.map(\.row) where taken.count < limit && bytes < maxBytes {
      bytes += row.bytes
      taken.append(row)
    }
    return JournalPage(rows: taken, reachedEnd: taken.count == rows.count)
  }
}

extension ModelJournal.Content {
  func rows(_ spool: JournalSpool) -> [ModelJournal.Row] {
    (spools[spool] ?? [:]).values.sorted { $0.row.sequence < $1.row.sequence }
  }

  mutating func apply(_ operation: JournalOperation) {
    switch operation {
    case .append(let spool, let rows):
      for row in rows {
        if let name = Self.name(of: row) { taken[spool, default: []].insert(name) }
        spools[spool, default: [:]][row.sequence] = ModelJournal.Row(row: row, name: Self.name(of: row))
      }
    case .amend(let spool, let sequence, let meta): spools[spool]?[sequence]?.row.meta = meta
    case .trim(let spool, let last): spools[spool] = spools[spool]?.filter { $0.key > last }
    case .remove(let spool, let sequences): for sequence in sequences { spools[spool]?[sequence] = nil }
    case .set(let key, let value): values[key] = value
    case .redelivery(_, let new): for key in new { keys[key.packet] = key }
    case .clearRedelivery: keys = [:]
    }
  }

  private static func name(of row: JournalRow) -> String? {
    Excerpt.body(of: row.body) ?? Excerpt.string("body", in: row.body)
  }
}
