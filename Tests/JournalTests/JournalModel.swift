import TestSupport

@testable import Journal

/// What a journal should hold, in dictionaries.
struct JournalModel: Equatable {
  var spools: [[UInt64: JournalRow]]
  var keys: [[UInt16: RedeliveryKey]]
  var values: [String: [UInt8]] = [:]

  init(spools: Int) {
    self.spools = Array(repeating: [:], count: spools)
    keys = Array(repeating: [:], count: spools)
  }

  /// What a journal does hold.
  init(reading journal: Journal, _ spools: [JournalSpool]) throws {
    self.init(spools: spools.count)
    for (index, spool) in spools.enumerated() {
      for row in try journal.all(spool) { self.spools[index][row.sequence] = row }
      for key in try journal.redeliveryKeys(of: spool) { keys[index][key.packet] = key }
    }
    for (key, value) in try journal.values(prefix: "") { values[key] = value }
  }

  mutating func apply(_ operation: JournalOperation, _ spools: [JournalSpool]) {
    func index(_ spool: JournalSpool) -> Int { spools.firstIndex(of: spool) ?? 0 }
    switch operation {
    case .append(let spool, let rows): for row in rows { self.spools[index(spool)][row.sequence] = row }
    case .amend(let spool, let sequence, let meta): self.spools[index(spool)][sequence]?.meta = meta
    case .trim(let spool, let last): self.spools[index(spool)] = self.spools[index(spool)].filter { $0.key > last }
    case .remove(let spool, let sequences): for sequence in sequences { self.spools[index(spool)][sequence] = nil }
    case .set(let key, let value): values[key] = value
    case .redelivery(let spool, let keys): for key in keys { self.keys[index(spool)][key.packet] = key }
    case .clearRedelivery(let spool): keys[index(spool)] = [:]
    }
  }

  /// Some operation, of which most add rows or trim old ones.
  func operation(_ spools: [JournalSpool], next: inout UInt64, _ random: inout SeededGenerator) -> JournalOperation {
    let index = Int.random(in: spools.indices, using: &random)
    let spool = spools[index]
    func bytes(upTo count: Int) -> [UInt8] {
      [UInt8](repeating: UInt8.random(in: 0 ... .max, using: &random), count: Int.random(in: 0...count, using: &random))
    }
    func sequence() -> UInt64 { UInt64.random(in: 1...max(next, 1), using: &random) }
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<45:
      let rows = (0..<Int.random(in: 1...4, using: &random)).map { _ in
        next += UInt64.random(in: 1...2, using: &random)
        return JournalRow(
          sequence: next, time: Int64(next), kind: UInt8(next % 256), meta: bytes(upTo: 30), body: bytes(upTo: 3000))
      }
      return .append(spool, rows)
    case 45..<65: return .trim(spool, upTo: self.spools[index].keys.min().map { $0 + 3 } ?? 0)
    case 65..<72: return .remove(spool, [sequence(), sequence()])
    case 72..<79: return .amend(spool, sequence: sequence(), meta: bytes(upTo: 40))
    case 79..<89:
      return .set(key: "v\(Int.random(in: 0..<20, using: &random))", random.chance(80) ? bytes(upTo: 50) : nil)
    case 89..<98:
      let keys = (0..<3).map { _ in
        RedeliveryKey(packet: UInt16.random(in: 0...50, using: &random), epoch: Int64(next), hash: random.next())
      }
      return .redelivery(spool, keys)
    default: return .clearRedelivery(spool)
    }
  }
}
