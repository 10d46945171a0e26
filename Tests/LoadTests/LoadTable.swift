import Foundation
import Platform
import TestSupport

/// The figures as a table: a row for each, a column for each number of accounts.
final class LoadTable: Sendable {
  private let columns = Lock<[LoadFigures]>([])

  /// Adds a column.
  func append(_ figures: LoadFigures) { columns.withLock { $0.append(figures) } }

  /// The table as text.
  func text(title: String, markdown: Bool) -> String {
    let columns = columns.withLock { $0 }
    let rows = [row("accounts", columns) { "\($0.accounts), \($0.server)" }] + body(columns)
    let widths = (0...columns.count).map { column in rows.map { $0[column].count }.max() ?? 0 }
    let lines = rows.map { cells in
      let padded = cells.indices.map { column in
        let space = String(repeating: " ", count: widths[column] - cells[column].count)
        return column == 0 ? cells[column] + space : space + cells[column]
      }
      return markdown ? "| " + padded.joined(separator: " | ") + " |" : padded.joined(separator: "  ")
    }
    let rule = widths.enumerated().map { column, width in
      String(repeating: "-", count: markdown && column > 0 ? width - 1 : width) + (markdown && column > 0 ? ":" : "")
    }
    let ruled = markdown ? "| " + rule.joined(separator: " | ") + " |" : rule.joined(separator: "  ")
    return ([title, "", lines[0], ruled] + lines.dropFirst()).joined(separator: "\n") + "\n"
  }

  private func row(_ name: String, _ columns: [LoadFigures], _ cell: (LoadFigures) -> String) -> [String] {
    [name] + columns.map(cell)
  }

  private func body(_ columns: [LoadFigures]) -> [[String]] {
    withoutTraffic(columns)
      + crossing("MQTT → XMPP", columns, \.toXMPP) + crossing("XMPP → MQTT", columns, \.toMQTT)
      + [
        row("CPU of the bridge, µs a message", columns) {
          let count = ($0.toXMPP?.sent ?? 0) + ($0.toMQTT?.sent ?? 0)
          return Self.number($0.cpu.seconds * 1e6 / Double(max(count, 1)), 1)
        }
      ]
      + LoadFigures.Program.allCases.map { program in
        row("cores used meanwhile: \(program.rawValue)", columns) { Self.number($0.shares[program] ?? 0, 2) }
      } + reconnect(columns)
  }

  private func withoutTraffic(_ columns: [LoadFigures]) -> [[String]] {
    [
      row("log-in: all online after", columns) { Self.seconds($0.login) },
      row("log-in: most in a second", columns) { "\($0.login.mostInASecond)" },
      row("log-in: CPU of the bridge, ms an account", columns) { Self.perAccount($0.login, $0) },
      row("memory, no traffic yet", columns) { Self.megabytes($0.memory.idle) },
      row("memory, each account", columns) {
        Self.number(Double($0.memory.idle - $0.memory.one) / 1_024 / Double($0.accounts), 0) + " KiB"
      },
      row("memory, in the end / at most", columns) {
        Self.megabytes($0.memory.loaded) + " / " + Self.megabytes($0.memory.peak)
      },
      row("idle: CPU of the bridge, of a core", columns) { Self.number($0.idle * 100, 2) + " %" },
    ]
  }

  private func crossing(
    _ name: String, _ columns: [LoadFigures], _ crossing: (LoadFigures) -> Crossing?
  ) -> [[String]] {
    func line(_ what: String, _ cell: (Crossing) -> String) -> [String] {
      row("\(name): \(what)", columns) { crossing($0).map(cell) ?? "" }
    }
    return [
      line("sent, lost, doubled") { "\($0.sent), \($0.lost), \($0.doubled)" },
      line("messages a second") { Self.number($0.rate, 0) },
      line("latency p50 / p99 / max, ms") {
        [$0.latency(0.5), $0.latency(0.99), $0.latency(1)].map(Self.milliseconds).joined(separator: " / ")
      },
      line("the account that got the fewest") { "\($0.fewest) of \($0.each)" },
      line("the slowest account's p99, ms") { Self.milliseconds($0.slowest) },
    ]
  }

  private func reconnect(_ columns: [LoadFigures]) -> [[String]] {
    [
      row("server killed: nobody listens for", columns) { Self.number($0.outage.seconds, 1) + " s" },
      row("reconnect: all online again after", columns) { Self.seconds($0.reconnect) },
      row("reconnect: most in a second", columns) { "\($0.reconnect.mostInASecond)" },
      row("reconnect: CPU of the bridge, ms an account", columns) { Self.perAccount($0.reconnect, $0) },
      row("MQTT → XMPP meanwhile: sent, lost, doubled", columns) { Self.counts($0.meanwhileToXMPP) },
      row("XMPP → MQTT meanwhile: sent, lost, doubled", columns) {
        Self.counts($0.meanwhileToMQTT, kept: $0.keptByServer)
      },
    ]
  }

  // MARK: Cells

  private static func counts(_ crossing: Crossing?, kept: Int = 0) -> String {
    guard let crossing else { return "" }
    let note = kept > 0 ? " (\(kept) kept by the server)" : ""
    return "\(crossing.sent), \(crossing.lost - kept), \(crossing.doubled)" + note
  }

  private static func seconds(_ homecoming: LoadFigures.Homecoming) -> String {
    let time = number(homecoming.time.seconds, 1) + " s"
    return homecoming.missing == 0 ? time : "\(homecoming.missing) NOT ONLINE, the others \(time)"
  }

  private static func perAccount(_ homecoming: LoadFigures.Homecoming, _ figures: LoadFigures) -> String {
    number(homecoming.cpu.seconds * 1_000 / Double(figures.accounts), 2)
  }

  private static func megabytes(_ bytes: Int) -> String { number(Double(bytes) / 1_048_576, 1) + " MiB" }

  private static func milliseconds(_ time: Duration) -> String {
    let value = time.seconds * 1_000
    return number(value, value < 10 ? 1 : 0)
  }

  private static func number(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
}
