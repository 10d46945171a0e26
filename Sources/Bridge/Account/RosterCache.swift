import Journal
import Records
import XMPP

/// The account's contacts, as they were told last: kept in the state file, since a resumed stream does not tell them anew.
struct RosterCache: Sendable, Equatable {
  private var items: [JID: Roster.Item]
  /// A roster was told, now or before a restart.
  private(set) var isKnown: Bool

  init(items: [Roster.Item] = [], isKnown: Bool = false) {
    self.items = Dictionary(items.map { ($0.jid.bare, $0) }, uniquingKeysWith: { $1 })
    self.isKnown = isKnown
  }

  /// Whether this is a contact.
  func contains(_ jid: JID) -> Bool { items[jid.bare] != nil }

  /// The contact with this address.
  subscript(jid: JID) -> Roster.Item? { items[jid.bare] }

  /// Takes a whole roster; returns what the journal has to take note of.
  mutating func replace(with roster: [Roster.Item], keys: AccountKeys) -> [JournalOperation] {
    let gone = Set(items.keys).subtracting(roster.map(\.jid.bare))
    self = RosterCache(items: roster, isKnown: true)
    return [.set(key: keys.rosterKnown, [1])]
      + gone.map { .set(key: keys.roster($0), nil) }
      + items.values.map { .set(key: keys.roster($0.jid.bare), $0.bytes) }
  }

  /// Takes a change of one contact; returns what the journal has to take note of.
  mutating func update(_ item: Roster.Item, keys: AccountKeys) -> JournalOperation {
    let jid = item.jid.bare
    items[jid] = item.subscription == .remove ? nil : item
    return .set(key: keys.roster(jid), items[jid]?.bytes)
  }
}

extension Roster.Item {
  /// The contact as the journal keeps it.
  var bytes: [UInt8] {
    var fields = FieldWriter()
    fields.write(jid.description)
    fields.write(name) { $0.write($1) }
    fields.write(subscription.rawValue)
    fields.write(isAsking)
    fields.write(list: groups) { $0.write($1) }
    return fields.bytes
  }

  /// Reads a contact back; throws if the journal's bytes are damaged.
  init(journal bytes: [UInt8]) throws {
    var fields = FieldReader(bytes)
    let jid = try JID(try fields.readString())
    let name = try fields.readOptional { fields throws(FieldError) in try fields.readString() }
    let subscription = Subscription(rawValue: try fields.readString()) ?? .none
    let isAsking = try fields.readBool()
    let groups = try fields.readList { fields throws(FieldError) in try fields.readString() }
    try fields.finish()
    self.init(jid: jid, name: name, subscription: subscription, isAsking: isAsking, groups: groups)
  }
}
