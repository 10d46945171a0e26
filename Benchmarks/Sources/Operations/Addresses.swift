import XMPP

extension Operation {
  /// Preparing an address (RFC 7622): twice for every message from XMPP, and for every new topic from MQTT.
  static let addresses = [
    Operation("jid.ascii", repetitions: 5_000) {
      let text = "alice@example.org/phone"
      return { try sum($0) { try JID(text).description.utf8.count } }
    },
    // Letters beyond ASCII take the way through the tables of Unicode.
    Operation("jid.unicode", repetitions: 500) {
      let text = "jürgen@münchen.example/Küche"
      return { try sum($0) { try JID(text).description.utf8.count } }
    },
  ]
}
