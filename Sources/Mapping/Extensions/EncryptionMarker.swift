import XMLStream

/// With what a message is encrypted: Explicit Message Encryption (XEP-0380), or the payload of a method itself.
enum EncryptionMarker {
  /// `omemo`, `openpgp`, `otr`, or the name or namespace of another method; nil if the message is not encrypted.
  static func name(in stanza: XMLElement) -> String? {
    if let explicit = stanza.child("encryption", in: Namespace.encryption),
      let namespace = explicit.attribute("namespace").nonEmpty
    {
      return methods[namespace] ?? explicit.attribute("name").nonEmpty ?? namespace
    }
    for child in stanza.children {
      switch child.name {
      case "encrypted", "openpgp", "x": break
      default: continue
      }
      guard let method = methods[child.namespace] else { continue }
      // OMEMO moves keys in messages without payload: nobody said anything.
      if method == "omemo", child.child("payload", in: child.namespace) == nil { continue }
      return method
    }
    return nil
  }

  private static let methods = [
    "eu.siacs.conversations.axolotl": "omemo",
    "urn:xmpp:omemo:0": "omemo",
    "urn:xmpp:omemo:1": "omemo",
    "urn:xmpp:omemo:2": "omemo",
    "urn:xmpp:openpgp:0": "openpgp",
    "jabber:x:encrypted": "openpgp",
    "urn:xmpp:otr:0": "otr",
  ]
}
