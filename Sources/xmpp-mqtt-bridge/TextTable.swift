/// Columns as wide as their widest cell, two spaces apart. What a peer put into a cell stays in it and cannot speak to the
/// terminal.
struct TextTable: CustomStringConvertible {
  let description: String

  init(_ titles: [String], _ rows: [[String]]) {
    let lines = [titles] + rows.map { $0.map(\.escaped) }
    let widths = titles.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
    description = lines.map { row in
      let cells = zip(row, widths).map { cell, width in cell + String(repeating: " ", count: width - cell.count) }
      let line = cells.joined(separator: "  ")
      return String(line.reversed().drop { $0 == " " }.reversed()) + "\n"
    }.joined()
  }
}
