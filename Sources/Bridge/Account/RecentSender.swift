import Mapping
import XMPP

/// Where messages come from, remembered from the last one: whoever writes mostly writes more, and then the address is not
/// checked anew, nor its topic put together.
struct RecentSender: Sendable {
  /// A contact's place in the topic tree.
  struct Place: Sendable {
    var contact: JID
    /// The level that stands for the contact.
    var level: String
    /// The topic of messages from the contact.
    var topic: String
  }

  private var address: (text: String, jid: JID)?
  private var place: Place?

  /// The address that a stanza's `from` is; throws if it is none.
  mutating func address(_ text: String) throws(JIDError) -> JID {
    if let address, address.text == text { return address.jid }
    let jid = try JID(text)
    address = (text, jid)
    return jid
  }

  /// Where messages from a contact, bare or full, are published.
  mutating func place(of contact: JID, in topics: EntityTopics) -> Place {
    if let place, place.contact == contact { return place }
    let level = TopicLevel.encode(contact.bare)
    let place = Place(contact: contact, level: level, topic: topics.message(level))
    self.place = place
    return place
  }
}
