import Foundation
import Platform

/// The figures as a table: a row for each, a column for each case; and as a file for a program to read, the other way
/// about.
final class LoadTable<Figures: Sendable>: Sendable {
  /// One case, measured once or several times.
  private struct Column {
    let facts: [LoadFact]
    var rounds: [Figures]
  }

  private let rows: [LoadRow<Figures>]
  private let columns = Lock<[Column]>([])

  init(_ rows: [LoadRow<Figures>]) { self.rows = rows }

  /// Adds a column, or a round to one that is there.
  func append(_ figures: Figures, _ facts: [LoadFact]) {
    columns.withLock { columns in
      if let index = columns.firstIndex(where: { $0.facts == facts }) {
        columns[index].rounds.append(figures)
      } else {
        columns.append(Column(facts: facts, rounds: [figures]))
      }
    }
  }

  /// The table as text.
  func text(title: String, markdown: Bool) -> String {
    let columns = columns.withLock { $0 }
    let facts = columns.first?.facts.indices.map { fact in
      [columns[0].facts[fact].name] + columns.map(\.facts[fact].value)
    }
    let measured = rows.compactMap { row -> [String]? in
      let cells = columns.map { row.summary(of: $0.rounds).map(row.text) }
      // What this kind of load does not measure at all.
      return cells.contains { $0 != nil } ? [row.name] + cells.map { $0 ?? "" } : nil
    }
    let rows = (facts ?? []) + measured
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

  /// A line for each case, values with tabs between them, and their names in the first line. Times are in seconds, CPU
  /// times of a message in microseconds, and memory is in bytes.
  var tsv: String {
    let columns = columns.withLock { $0 }
    let head = (columns.first?.facts.map(\.column) ?? []) + rows.flatMap(\.columns)
    let lines = columns.map { column in
      column.facts.map(\.value)
        + rows.flatMap { row in
          row.summary(of: column.rounds)?.map { String(format: "%.6g", $0) } ?? row.columns.map { _ in "NaN" }
        }
    }
    return ([head] + lines).map { $0.joined(separator: "\t") + "\n" }.joined()
  }

  /// Prints the table, and writes both to the files that the plan names.
  func tell(_ plan: LoadPlan, title: String) throws {
    let text = text(title: title, markdown: plan.isMarkdown)
    if let file = plan.table { try text.write(toFile: file, atomically: true, encoding: .utf8) }
    if let file = plan.tsv { try tsv.write(toFile: file, atomically: true, encoding: .utf8) }
    print("\n\(text)")
  }
}
