import Foundation
import Platform
import TestSupport

/// What every fault has cost: a line for each way of each row.
final class FaultTable: Sendable {
  /// One fault with one server.
  struct Row: Sendable {
    private struct Line {
      let way: Traffic.Way
      var sent = 0
      var lost = 0
      var doubled = 0
      var reordered = 0
      var gap = Duration.zero
    }

    private let scene: Campaign.Scene
    private let times: Int
    private let cells: Cells
    private var lines = [Line(way: .toXMPP), Line(way: .toMQTT)]
    /// What breaks the promise, in words.
    private(set) var breaches: [String] = []
    /// Messages that the server had read and not kept for the recipient: they are not among the lost.
    private(set) var lostByServer = 0

    init(_ scene: Campaign.Scene, times: Int) {
      self.scene = scene
      self.times = times
      cells = scene.fault.cells(scene.server)
    }

    /// A row of which nothing is known but that it could not be finished.
    init(_ scene: Campaign.Scene, failed: any Error) {
      self.init(scene, times: 0)
      breaches = ["not finished: \(failed)"]
    }

    /// Counts one round, with its faults, and judges it.
    mutating func add(_ result: Traffic.Result) {
      add(result.toXMPP, to: 0)
      add(result.toMQTT, to: 1, lostByServer: result.lostByServer.count)
      lostByServer += result.lostByServer.count
      judge(result.toXMPP, cells.toXMPP, .toXMPP)
      judge(result.toMQTT, cells.toMQTT, .toMQTT, lostByServer: result.lostByServer.count)
      if cells.toMQTT.mayRepeat, result.toMQTT.doubled.count != result.repeats {
        breaches.append("XMPP → MQTT: \(result.toMQTT.doubled.count) doubled, \(result.repeats) with the same seq")
      }
      if !result.isInOrderOfSequence { breaches.append("XMPP → MQTT: arrived in another order than that of seq") }
    }

    private mutating func add(_ audit: MessageAudit, to index: Int, lostByServer: Int = 0) {
      lines[index].sent += audit.count
      lines[index].lost += audit.lost.count - lostByServer
      lines[index].doubled += audit.doubled.count
      lines[index].reordered += audit.outOfOrder.count
      lines[index].gap = max(lines[index].gap, audit.longestGap)
    }

    private mutating func judge(_ audit: MessageAudit, _ cell: Cell, _ way: Traffic.Way, lostByServer: Int = 0) {
      let mayDouble = (cell.mayRepeat ? 100 : cell.doublesOfServer) * times * scene.fault.cuts
      if audit.lost.count > lostByServer { breaches.append("\(way.rawValue): lost: \(audit)") }
      if audit.doubled.count > mayDouble { breaches.append("\(way.rawValue): doubled: \(audit)") }
      if !audit.outOfOrder.isEmpty, !cell.mayReorder { breaches.append("\(way.rawValue): reordered: \(audit)") }
      if !audit.foreign.isEmpty {
        breaches.append("\(way.rawValue): foreign: \(audit.foreign.prefix(3))")
      }
    }

    /// Its cells as text, one array a line.
    var texts: [[String]] {
      lines.map { line in
        let verdict = breaches.isEmpty ? "" : "BROKEN"
        let counts = [line.sent, line.lost, line.doubled, line.reordered].map(String.init)
        return [scene.fault.name, "\(times)", "\(scene.server)", line.way.rawValue] + counts
          + [String(format: "%.1f s", line.gap.seconds), verdict]
      }
    }
  }

  private static let head = [
    "fault", "times", "server", "direction", "sent", "lost", "doubled", "reordered", "longest gap", "",
  ]

  private let rows = Lock<[Row]>([])
  private let notes = Lock<[String]>([])

  /// Puts a sentence below the table.
  func note(_ sentence: String) { notes.withLock { $0.append(sentence) } }

  /// Appends a row; returns how many there are now.
  func append(_ row: Row) -> Int {
    rows.withLock { rows in
      rows.append(row)
      return rows.count
    }
  }

  /// The table with the notes and the seed under it.
  func text(seed: UInt64, markdown: Bool) -> String {
    let body = rows.withLock { $0 }.flatMap(\.texts)
    let widths = Self.head.indices.map { column in ([Self.head] + body).map { $0[column].count }.max() ?? 0 }
    func line(_ cells: [String]) -> String {
      let padded = zip(cells, widths).enumerated().map { column, cell in
        let space = String(repeating: " ", count: cell.1 - cell.0.count)
        // Numbers stand to the right.
        return column == 1 || (4...8).contains(column) ? space + cell.0 : cell.0 + space
      }
      return markdown ? "| " + padded.joined(separator: " | ") + " |" : padded.joined(separator: "  ")
    }
    let rule = widths.enumerated().map { column, width in
      markdown && (column == 1 || (4...8).contains(column))
        ? String(repeating: "-", count: max(width - 1, 1)) + ":" : String(repeating: "-", count: width)
    }
    let below = notes.withLock { $0 }.map { "- \($0)" }
    let lines = [line(Self.head), line(rule)] + body.map(line) + [""] + below + ["- seed \(seed)"]
    return lines.joined(separator: "\n") + "\n"
  }
}
