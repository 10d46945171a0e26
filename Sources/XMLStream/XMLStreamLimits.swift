/// How much a peer may make us keep. All limits hold while parsing, not afterwards.
public struct XMLStreamLimits: Sendable, Equatable {
  /// How deep elements may nest; a stanza has depth 1.
  public var depth: Int
  /// Bytes of one stanza, from its `<` to its last `>`.
  public var stanzaBytes: Int
  /// Bytes of one unfinished token (tag, CDATA section). A token up to this size always passes; one that is larger is
  /// refused after at most 4 KiB more.
  public var tagBytes: Int
  /// Bytes of all the different names and namespaces that one stream may use.
  public var dictionaryBytes: Int

  /// Limits; the defaults are those of the product.
  public init(
    depth: Int = 64, stanzaBytes: Int = 1 << 20, tagBytes: Int = 16 << 10, dictionaryBytes: Int = 256 << 10
  ) {
    self.depth = depth
    self.stanzaBytes = stanzaBytes
    self.tagBytes = tagBytes
    self.dictionaryBytes = dictionaryBytes
  }
}
