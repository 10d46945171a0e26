/// Namespaces of what messages carry.
enum Namespace {
  static let client = "jabber:client"
  /// Unique and Stable Stanza IDs (XEP-0359).
  static let stableIDs = "urn:xmpp:sid:0"
  /// Last Message Correction (XEP-0308).
  static let correction = "urn:xmpp:message-correct:0"
  /// Message Replies (XEP-0461).
  static let reply = "urn:xmpp:reply:0"
  /// Message Reactions (XEP-0444).
  static let reactions = "urn:xmpp:reactions:0"
  /// Message Retraction (XEP-0424).
  static let retraction = "urn:xmpp:message-retract:1"
  /// Message Retraction as it was until 2023, inside of Message Fastening (XEP-0422).
  static let oldRetraction = "urn:xmpp:message-retract:0"
  static let fastening = "urn:xmpp:fasten:0"
  /// Out of Band Data (XEP-0066).
  static let outOfBand = "jabber:x:oob"
  /// Explicit Message Encryption (XEP-0380).
  static let encryption = "urn:xmpp:eme:0"
}
