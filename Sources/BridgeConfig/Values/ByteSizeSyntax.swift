/// Sizes as the configuration writes them: `64KiB 256MiB 1GiB`.
enum ByteSizeSyntax {
  static let advice = #"a number with one of the units KiB MiB GiB, such as "256MiB""#

  private static let units: [(suffix: String, shift: Int)] = [("KiB", 10), ("MiB", 20), ("GiB", 30)]

  /// The number of bytes a text means; nil if it means none, or more than fit into memory or a file.
  static func parse(_ text: String) -> Int? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard let number = Int(digits), let unit = units.first(where: { $0.suffix == text.dropFirst(digits.count) })
    else { return nil }
    let (bytes, overflow) = number.multipliedReportingOverflow(by: 1 << unit.shift)
    return overflow ? nil : bytes
  }
}
