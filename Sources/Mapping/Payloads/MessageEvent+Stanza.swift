public import XMLStream
public import XMPP

extension MessageEvent {
  /// Reads a message stanza, or the message inside a carbon.
  ///
  /// - Parameters:
  ///   - stanza: the element.
  ///   - type: its type, if that has been read already.
  ///   - from: its sender, if that has been read already.
  ///   - account: our own address, bare or full; it stands for a missing `from` or `to`.
  ///   - archiveID: its id in an archive that is trusted.
  ///   - carbon: whether it is a copy, and of what.
  ///   - receivedAt: when it arrived, in milliseconds since 1970.
  /// - Returns: nil for what is nobody's words: another stanza, a bounce (type `error`), or a message that has neither a
  ///   body nor subject, reactions, retraction, attachment or encrypted content (chat states, receipts, markers, …).
  /// - Throws: `JIDError` if the sender's address is none.
  public init?(
    stanza: XMLElement, type: MessageType? = nil, from: JID? = nil, account: JID, archiveID: String? = nil,
    carbon: MessageCarbons.Direction? = nil, receivedAt: Int64
  ) throws(JIDError) {
    guard stanza.is("message", in: Namespace.client) else { return nil }
    let type = type ?? MessageType(of: stanza)
    guard type != .error else { return nil }
    let body = Self.text("body", of: stanza)
    let subject = Self.text("subject", of: stanza)
    let reactions = Reactions(of: stanza)
    let retracts = Retraction.id(in: stanza)
    let url = stanza.child("x", in: Namespace.outOfBand)?.child("url", in: Namespace.outOfBand)?.text
    let encrypted = EncryptionMarker.name(in: stanza)
    guard
      body != nil || subject != nil || reactions != nil || retracts != nil || url.nonEmpty != nil || encrypted != nil
    else { return nil }

    // Every property is set here, and none by another initialiser: an event that is handed on half-made is copied whole.
    self.from = if let from { from } else if let text = stanza.attribute("from") { try JID(text) } else { account.bare }
    to = stanza.attribute("to").flatMap { try? JID($0) } ?? account
    self.type = type
    let stamp = DelayedDelivery.stamp(of: stanza)
    time = stamp ?? receivedAt
    id = stanza.attribute("id").nonEmpty
    self.body = body
    delayed = stamp != nil
    stanzaID = archiveID
    originID = StableIDs.originID(of: stanza)
    thread = stanza.child("thread", in: Namespace.client).map(\.text).nonEmpty
    self.subject = subject
    replaces = stanza.child("replace", in: Namespace.correction)?.attribute("id").nonEmpty
    replyTo = stanza.child("reply", in: Namespace.reply)?.attribute("id").nonEmpty
    self.reactions = reactions
    self.retracts = retracts
    self.url = url.nonEmpty
    self.encrypted = encrypted
    self.carbon = carbon
  }

  /// The text of a body or subject, of which there may be one for each language: the one without a language of its own,
  /// else the first.
  private static func text(_ name: String, of stanza: XMLElement) -> String? {
    var first: XMLElement?
    for child in stanza.children where child.is(name, in: Namespace.client) {
      if child.attribute("lang", namespace: XMLNamespace.xml) == nil { return Optional(child.text).nonEmpty }
      if first == nil { first = child }
    }
    return (first?.text).nonEmpty
  }
}
