extension Duration? {
  /// The earlier of two moments, of which nil is never.
  func earlier(_ other: Duration?) -> Duration? {
    guard let self, let other else { return self ?? other }
    return min(self, other)
  }
}
