public import XMLStream

/// Unique and Stable Stanza IDs (XEP-0359).
public enum StableIDs {
  /// The feature of whoever can be trusted to write its own ids, and to take out what others write in its name.
  public static var feature: String { Namespace.stableIDs }

  /// The id under which an archive keeps a message. Anybody can write one; only the archive's own counts.
  public static func stanzaID(of stanza: XMLElement, by archive: JID) -> String? {
    for child in stanza.children where child.is("stanza-id", in: Namespace.stableIDs) {
      guard let by = child.attribute("by").flatMap({ try? JID($0) }), by == archive else { continue }
      return filled(child.attribute("id"))
    }
    return nil
  }

  /// The id that the sender's client gave a message.
  public static func originID(of stanza: XMLElement) -> String? {
    filled(stanza.child("origin-id", in: Namespace.stableIDs)?.attribute("id"))
  }

  private static func filled(_ id: String?) -> String? {
    id.flatMap { $0.isEmpty ? nil : $0 }
  }
}
