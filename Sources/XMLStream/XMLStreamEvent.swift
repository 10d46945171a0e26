/// The attributes of a stream header (RFC 6120 §4.7).
public struct StreamHeader: Sendable, Equatable {
  /// The entity that sent the header.
  public var from: String?
  /// The entity that it was sent to.
  public var to: String?
  /// The stream's id, which the server chooses.
  public var id: String?
  /// `1.0` of everything that follows RFC 6120.
  public var version: String?
  /// `xml:lang`: the language of text in the stream that says no other.
  public var language: String?

  /// A header with these attributes.
  public init(
    from: String? = nil, to: String? = nil, id: String? = nil, version: String? = nil, language: String? = nil
  ) {
    self.from = from
    self.to = to
    self.id = id
    self.version = version
    self.language = language
  }
}

/// What a stream consists of.
public enum XMLStreamEvent: Sendable, Equatable {
  /// The peer's stream header.
  case opened(StreamHeader)
  /// A complete first-level element: a stanza, stream features, a stream error, a negotiation step.
  case element(XMLElement)
  /// `</stream:stream>`.
  case closed
}
