import XMLStream

/// Namespaces of RFC 6120 and of the extensions spoken here.
enum Namespace {
  static var client: String { XMLNamespace.client }
  static var streams: String { XMLNamespace.streams }
  /// Conditions inside `<stream:error/>` (RFC 6120 §4.9).
  static var streamErrors: String { "urn:ietf:params:xml:ns:xmpp-streams" }
  /// Conditions inside a stanza's `<error/>` (RFC 6120 §8.3).
  static var stanzaErrors: String { "urn:ietf:params:xml:ns:xmpp-stanzas" }
  static var startTLS: String { "urn:ietf:params:xml:ns:xmpp-tls" }
  static var sasl: String { "urn:ietf:params:xml:ns:xmpp-sasl" }
  static var bind: String { "urn:ietf:params:xml:ns:xmpp-bind" }
  /// Extensible SASL Profile (XEP-0388).
  static var sasl2: String { "urn:xmpp:sasl:2" }
  /// SASL Channel-Binding Type Capability (XEP-0440).
  static var channelBinding: String { "urn:xmpp:sasl-cb:0" }
  /// Stream Limits Advertisement (XEP-0478).
  static var limits: String { "urn:xmpp:stream-limits:0" }
  static var streamManagement: String { "urn:xmpp:sm:3" }
  static var roster: String { "jabber:iq:roster" }
  static var rosterVersioning: String { "urn:xmpp:features:rosterver" }
  static var ping: String { "urn:xmpp:ping" }
  static var discoInfo: String { "http://jabber.org/protocol/disco#info" }
  static var version: String { "jabber:iq:version" }
  /// Delayed Delivery (XEP-0203).
  static var delay: String { "urn:xmpp:delay" }
  /// Unique and Stable Stanza IDs (XEP-0359).
  static var stableIDs: String { "urn:xmpp:sid:0" }
  /// Stanza Forwarding (XEP-0297).
  static var forward: String { "urn:xmpp:forward:0" }
  static var carbons: String { "urn:xmpp:carbons:2" }
  /// Message Archive Management (XEP-0313).
  static var archive: String { "urn:xmpp:mam:2" }
  /// Result Set Management (XEP-0059).
  static var resultSet: String { "http://jabber.org/protocol/rsm" }
  /// Data Forms (XEP-0004).
  static var dataForms: String { "jabber:x:data" }
  static var receipts: String { "urn:xmpp:receipts" }
  static var chatMarkers: String { "urn:xmpp:chat-markers:0" }
  /// Message Processing Hints (XEP-0334).
  static var hints: String { "urn:xmpp:hints" }
  /// Multi-User Chat (XEP-0045): what a client says on entering a room.
  static var muc: String { "http://jabber.org/protocol/muc" }
  /// What a room says of its occupants.
  static var mucUser: String { "http://jabber.org/protocol/muc#user" }
  /// How a room's owner configures it.
  static var mucOwner: String { "http://jabber.org/protocol/muc#owner" }
}
