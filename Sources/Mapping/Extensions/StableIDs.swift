import XMLStream
import XMPP

/// Unique and Stable Stanza IDs (XEP-0359).
enum StableIDs {
  /// The id under which an archive keeps a message. Anybody can write one; only the archive's own counts.
  static func stanzaID(of stanza: XMLElement, by archive: JID) -> String? {
    for child in stanza.children where child.is("stanza-id", in: Namespace.stableIDs) {
      guard let by = child.attribute("by").flatMap({ try? JID($0) }), by == archive else { continue }
      return child.attribute("id").nonEmpty
    }
    return nil
  }

  /// The id that the sender's client gave a message.
  static func originID(of stanza: XMLElement) -> String? {
    stanza.child("origin-id", in: Namespace.stableIDs)?.attribute("id").nonEmpty
  }
}

extension Optional<String> {
  /// The text, unless there is nothing in it.
  var nonEmpty: String? {
    flatMap { $0.isEmpty ? nil : $0 }
  }
}
