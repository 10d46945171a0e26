import Delivery

extension Operation {
  /// The machines through which every message goes, one after the other and with 100 on their way.
  static let delivery = [
    // Custody: 100 are read, their confirmations come, the prefix is released.
    Operation("ledger", repetitions: 10_000) {
      { repetitions in
        var ledger = Ledger(hold: .milliseconds(200), holdMessages: 1_000)
        var released: UInt64 = 0
        for batch in 0..<(repetitions / 100) {
          let now = Duration.milliseconds(batch)
          var positions: [Ledger.Position] = []
          positions.reserveCapacity(100)
          for _ in 0..<100 { positions.append(ledger.append(copies: 1, now: now)) }
          while let action = ledger.nextAction(now: now) { released &+= number(of: action) }
          for position in positions { ledger.confirmed(position, now: now) }
          while let action = ledger.nextAction(now: now) { released &+= number(of: action) }
        }
        return Int(released)
      }
    },
    // A spool of which all that waits is in memory.
    Operation("spool", repetitions: 10_000) {
      { repetitions in
        var window = SpoolWindow<[UInt8]>(maxCount: 1_000, maxBytes: 1 << 20)
        let row = Array(Sample.chat.utf8)
        var taken = 0
        for number in 1...repetitions {
          window.append(row, sequence: UInt64(number), bytes: row.count)
          if number.isMultiple(of: 100) { taken &+= window.take(100).count }
        }
        return taken
      }
    },
    // A spool of which most is in the journal: rows come back in pages.
    Operation("spool.loaded", repetitions: 10_000) {
      { repetitions in
        var window = SpoolWindow<[UInt8]>(maxCount: 1_000, maxBytes: 1 << 20, newest: UInt64(repetitions))
        let row = Array(Sample.chat.utf8)
        var taken = 0
        while !window.isEmpty {
          if let load = window.nextLoad() {
            let last = min(load.after + UInt64(load.limit), UInt64(repetitions))
            window.loaded(
              load.id, rows: (load.after + 1..<last + 1).lazy.map { ($0, row.count, row) },
              reachedEnd: last == UInt64(repetitions))
          }
          taken &+= window.take(100).count
        }
        return taken
      }
    },
  ]

  private static func number(of action: Ledger.Action) -> UInt64 {
    if case .release(let number) = action { number } else { 0 }
  }
}
