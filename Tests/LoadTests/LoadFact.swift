/// What a column of the table is about, such as how many accounts.
struct LoadFact: Sendable, Equatable {
  /// For people.
  let name: String
  /// The column in the file of figures.
  let column: String
  let value: String

  init(_ name: String, _ column: String, _ value: String) {
    self.name = name
    self.column = column
    self.value = value
  }
}
