import XMLStream

/// What a payload on `…/send` is.
public enum PlainPayload: Sendable, Hashable {
  /// Nothing: it is ignored, with an event.
  case empty
  /// UTF-8, which is the body as it is.
  case text(String)
  /// Bytes that are not UTF-8, for which there is a ``BinaryPolicy``.
  case binary

  /// Looks at a payload.
  ///
  /// - Throws: `TextError` if it is UTF-8 with a character that XML 1.0 forbids.
  public init(_ payload: [UInt8]) throws(TextError) {
    guard !payload.isEmpty else {
      self = .empty
      return
    }
    guard let offset = XMLWriter.firstForbidden(in: payload) else {
      self = .text(String(decoding: payload, as: UTF8.self))
      return
    }
    guard let text = String(validating: payload, as: UTF8.self) else {
      self = .binary
      return
    }
    throw TextError(field: "body", text: text, offset: offset)
  }
}

extension TextError {
  /// Checks a text that came as text.
  static func check(_ text: String, field: String) throws(TextError) {
    guard let offset = XMLWriter.firstForbidden(in: Array(text.utf8)) else { return }
    throw TextError(field: field, text: text, offset: offset)
  }

  fileprivate init(field: String, text: String, offset: Int) {
    let utf8 = text.utf8
    let scalars = text.unicodeScalars
    let index = utf8.index(utf8.startIndex, offsetBy: offset)
    self.init(field: field, scalar: index < scalars.endIndex ? scalars[index] : "\u{FFFD}", offset: offset)
  }
}
