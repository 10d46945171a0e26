import XMLStream

/// Message Retraction (XEP-0424).
enum Retraction {
  /// The id of the message that a message takes back; nil if it takes back none.
  static func id(in stanza: XMLElement) -> String? {
    if let retract = stanza.child("retract", in: Namespace.retraction) { return retract.attribute("id").nonEmpty }
    guard let fastened = stanza.child("apply-to", in: Namespace.fastening),
      fastened.child("retract", in: Namespace.oldRetraction) != nil
    else { return nil }
    return fastened.attribute("id").nonEmpty
  }
}
