import XMLStream

/// Message Processing Hints (XEP-0334).
enum MessageHints {
  /// Asks archives to keep a message that has no body.
  static func writeStore(into writer: inout XMLWriter) {
    writer.open("store", namespace: Namespace.hints)
    writer.close()
  }
}
