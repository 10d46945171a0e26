/// Durations as the configuration writes them: `0 500ms 10s 5m 2h 7d`.
enum DurationSyntax {
  static let advice = #""0" or a number with one of the units ms s m h d, such as "10s""#

  private static let units: [(suffix: String, milliseconds: Int64)] = [
    ("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
  ]

  /// The duration a text means; nil if it means none or one of more than 290 million years.
  static func parse(_ text: String) -> Duration? {
    if text == "0" { return .zero }
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard let number = Int64(digits), let unit = units.first(where: { $0.suffix == text.dropFirst(digits.count) })
    else { return nil }
    let (milliseconds, overflow) = number.multipliedReportingOverflow(by: unit.milliseconds)
    return overflow ? nil : .milliseconds(milliseconds)
  }

  /// The shortest text that means a duration of whole milliseconds.
  static func text(_ duration: Duration) -> String {
    let (seconds, attoseconds) = duration.components
    let milliseconds = seconds * 1_000 + attoseconds / 1_000_000_000_000_000
    guard milliseconds != 0 else { return "0" }
    let unit = units.last { milliseconds.isMultiple(of: $0.milliseconds) }
    return unit.map { "\(milliseconds / $0.milliseconds)\($0.suffix)" } ?? "\(milliseconds)ms"
  }
}
