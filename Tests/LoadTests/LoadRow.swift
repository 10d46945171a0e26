import Foundation

/// A row of the table: one figure, or some that are read together.
struct LoadRow<Figures: Sendable>: Sendable {
  /// What becomes of the values of several rounds.
  enum Summary: Sendable {
    case median, sum
  }

  /// For people.
  let name: String
  /// The columns in the file of figures, one for each value.
  let columns: [String]
  let summary: Summary
  /// Nil if it was not measured.
  let values: @Sendable (Figures) -> [Double]?
  /// The values as the table shows them.
  let text: @Sendable ([Double]) -> String

  init(
    _ name: String, _ columns: [String], by summary: Summary = .median,
    _ values: @escaping @Sendable (Figures) -> [Double]?, text: @escaping @Sendable ([Double]) -> String
  ) {
    self.name = name
    self.columns = columns
    self.summary = summary
    self.values = values
    self.text = text
  }

  /// Values with slashes between them, each with so many digits behind the point.
  init(
    _ name: String, _ columns: [String], digits: Int, _ values: @escaping @Sendable (Figures) -> [Double]?
  ) {
    self.init(name, columns, values) { values in values.map { Self.number($0, digits) }.joined(separator: " / ") }
  }

  /// One value, with so many digits behind the point and a unit.
  init(
    _ name: String, _ column: String, digits: Int, unit: String = "", _ value: @escaping @Sendable (Figures) -> Double?
  ) {
    self.init(name, [column], { value($0).map { [$0] } }, text: { Self.number($0[0], digits) + unit })
  }

  /// One part of a whole.
  init(
    _ name: String, percent column: String, digits: Int, _ value: @escaping @Sendable (Figures) -> Double?
  ) {
    self.init(name, [column], { value($0).map { [$0] } }, text: { Self.number($0[0] * 100, digits) + " %" })
  }

  /// One number of bytes.
  init(_ name: String, bytes column: String, _ value: @escaping @Sendable (Figures) -> Double?) {
    self.init(name, [column], { value($0).map { [$0] } }, text: { Self.mebibytes($0[0]) })
  }

  /// What the rounds come to; nil if none measured it.
  func summary(of rounds: [Figures]) -> [Double]? {
    let measured = rounds.compactMap(values)
    guard !measured.isEmpty else { return nil }
    return columns.indices.map { column in
      let values = measured.map { $0[column] }.sorted()
      switch summary {
      case .sum: return values.reduce(0, +)
      case .median: return (values[(values.count - 1) / 2] + values[values.count / 2]) / 2
      }
    }
  }

  // MARK: Cells

  static func number(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }

  /// A latency, from seconds.
  static func milliseconds(_ seconds: Double) -> String { number(seconds * 1_000, seconds < 0.01 ? 1 : 0) }

  static func mebibytes(_ bytes: Double) -> String { number(bytes / 1_048_576, 1) + " MiB" }

  /// Numbers of things.
  static func list(_ values: [Double]) -> String { values.map { String(Int($0)) }.joined(separator: ", ") }
}
