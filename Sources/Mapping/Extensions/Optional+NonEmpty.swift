extension Optional<String> {
  /// The text, unless there is nothing in it.
  var nonEmpty: String? {
    flatMap { $0.isEmpty ? nil : $0 }
  }
}
