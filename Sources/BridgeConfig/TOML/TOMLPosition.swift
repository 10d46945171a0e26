/// A place in a document: both numbers start at 1, and a column is one Unicode scalar.
struct TOMLPosition: Hashable, Comparable {
  var line: Int
  var column: Int

  static let start = TOMLPosition(line: 1, column: 1)

  static func < (left: TOMLPosition, right: TOMLPosition) -> Bool {
    (left.line, left.column) < (right.line, right.column)
  }
}

/// Why a text is no TOML. The message never repeats a value: it may be a secret that somebody forgot to quote.
struct TOMLFault: Error, Equatable {
  var position: TOMLPosition
  /// What is wrong; what would be right.
  var message: String
}
