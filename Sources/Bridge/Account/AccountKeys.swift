import XMPP

/// The names under which the state file keeps an account's small records.
struct AccountKeys: Sendable, Equatable {
  private let account: String

  init(account: String) {
    self.account = account
    session = account + "/session"
  }

  /// The spool from MQTT to XMPP.
  var outboundSpool: String { account + "/out" }
  /// The spool from XMPP to MQTT.
  var inboundSpool: String { account + "/in" }
  /// The session record. Kept, since it is written with nearly every commit.
  let session: String
  /// Keys of the latest login, which spare the next one their computation.
  var login: String { account + "/login" }
  /// The subscriptions that the broker has confirmed for the in connection.
  var filters: String { account + "/filters" }
  /// Says that a roster was told.
  var rosterKnown: String { account + "/roster" }
  /// Where the contacts are.
  var rosterPrefix: String { account + "/roster/" }
  /// One contact.
  func roster(_ jid: JID) -> String { rosterPrefix + jid.description }
  /// Where the topics' sequence numbers are.
  var sequencePrefix: String { account + "/seq/" }
  /// The sequence number of a contact's topic, by its topic level, or of a room's, by `room/` and its level.
  func sequence(_ level: String) -> String { sequencePrefix + level }
  /// Where the rooms are.
  var roomPrefix: String { account + "/room/" }
  /// One room.
  func room(_ jid: JID) -> String { roomPrefix + jid.description }
  /// Where the occupants of rooms are.
  var roomOccupantsPrefix: String { account + "/occupants/" }
  /// The occupants of one room.
  func roomOccupants(_ jid: JID) -> String { roomOccupantsPrefix + jid.description }
  /// Where the messages taken in lately are.
  var seenPrefix: String { account + "/seen/" }
  /// One record of their ring.
  func seen(_ slot: UInt64) -> String { seenPrefix + String(slot) }
  /// Where the ids are that publishers gave.
  var publishedPrefix: String { account + "/published/" }
  /// What became of one of them.
  func published(_ key: UInt64) -> String { publishedPrefix + String(key, radix: 36) }
}
