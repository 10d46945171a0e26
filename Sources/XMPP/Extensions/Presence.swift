import XMLStream

/// Presence stanzas of our own (RFC 6121 §3, §4).
public enum Presence {
  /// Availability that RFC 6121 §4.7.2.1 has a word for; without one the entity is simply available.
  public enum Show: String, Sendable, Hashable, CaseIterable {
    /// Wants to talk.
    case chat
    /// Away for a short time.
    case away
    /// Away for longer.
    case xa
    /// Does not want to be disturbed.
    case dnd
  }

  /// Tells all subscribers that we can be reached; the first one of a session also makes the server deliver messages.
  /// - Parameters:
  ///   - priority: -128…127; a negative one keeps messages to the bare address away (RFC 6121 §4.7.2.3).
  ///   - recipient: only this one is told (directed presence); nil for all subscribers.
  public static func available(
    show: Show? = nil, status: String? = nil, priority: Int8 = 0, to recipient: JID? = nil, from sender: JID? = nil
  ) -> [UInt8] {
    stanza(nil, to: recipient, from: sender) { writer in
      if let show { child("show", show.rawValue, into: &writer) }
      if let status { child("status", status, into: &writer) }
      if priority != 0 { child("priority", String(priority), into: &writer) }
    }
  }

  /// Tells that we can no longer be reached.
  public static func unavailable(status: String? = nil, to recipient: JID? = nil, from sender: JID? = nil) -> [UInt8] {
    stanza(.unavailable, to: recipient, from: sender) { writer in
      if let status { child("status", status, into: &writer) }
    }
  }

  /// Asks to see a contact's presence (RFC 6121 §3.1).
  public static func subscribe(to contact: JID, from sender: JID? = nil) -> [UInt8] {
    stanza(.subscribe, to: contact.bare, from: sender)
  }

  /// Lets a contact see our presence, or promises it before it asks.
  public static func subscribed(to contact: JID, from sender: JID? = nil) -> [UInt8] {
    stanza(.subscribed, to: contact.bare, from: sender)
  }

  /// Gives up seeing a contact's presence (RFC 6121 §3.3).
  public static func unsubscribe(from contact: JID, sender: JID? = nil) -> [UInt8] {
    stanza(.unsubscribe, to: contact.bare, from: sender)
  }

  /// Refuses a contact's request, or ends what was granted (RFC 6121 §3.2).
  public static func unsubscribed(to contact: JID, from sender: JID? = nil) -> [UInt8] {
    stanza(.unsubscribed, to: contact.bare, from: sender)
  }

  private static func stanza(
    _ type: PresenceType?, to recipient: JID?, from sender: JID?, content: (inout XMLWriter) -> Void = { _ in }
  ) -> [UInt8] {
    var writer = XMLWriter()
    writer.open("presence", namespace: Namespace.client)
    if let sender { writer.attribute("from", sender.description) }
    if let recipient { writer.attribute("to", recipient.description) }
    if let type { writer.attribute("type", type.rawValue) }
    content(&writer)
    writer.close()
    return writer.bytes
  }

  private static func child(_ name: String, _ text: String, into writer: inout XMLWriter) {
    writer.open(name)
    writer.text(text)
    writer.close()
  }
}
