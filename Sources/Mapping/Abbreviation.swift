extension String {
  /// The beginning of the text, where the whole of it may be as long as a peer likes.
  var abbreviated: String {
    // Counted in scalars: a single character may be as long as the text.
    let scalars = unicodeScalars
    guard let end = scalars.index(scalars.startIndex, offsetBy: 80, limitedBy: scalars.endIndex), end < scalars.endIndex
    else { return self }
    return String(scalars[..<end]) + "…"
  }
}
