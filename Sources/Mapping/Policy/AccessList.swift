public import XMPP

/// A list of those who may do something (`allow`, `may_send`).
public struct AccessList: Sendable, Hashable {
  /// Everybody in the roster.
  public private(set) var roster = false
  /// The rooms of the account.
  public private(set) var rooms = false
  /// Anybody at all.
  public private(set) var anyone = false
  /// Bare addresses.
  public private(set) var jids: Set<JID> = []
  /// Domains, each of which stands for every address of exactly it.
  public private(set) var domains: Set<JID> = []

  /// What `*` means in a list.
  public enum Wildcard: Sendable, Hashable {
    /// Anybody (`may_send`).
    case meansAnyone
    /// Nothing: whoever talks to devices has to be named (`allow`).
    case isRefused
  }

  /// `["roster", "rooms"]`, which holds where nothing else is configured.
  public static let standard: AccessList = {
    var list = AccessList()
    list.roster = true
    list.rooms = true
    return list
  }()

  /// A list of nobody.
  public init() {}

  /// Reads the entries of a list: `roster`, `rooms`, `*`, bare addresses and domains.
  ///
  /// - Throws: `AccessListError` for the first entry that is none of these.
  public init(_ entries: [String], wildcard: Wildcard) throws(AccessListError) {
    for (index, entry) in entries.enumerated() {
      switch entry {
      case "roster": roster = true
      case "rooms": rooms = true
      case "*":
        guard wildcard == .meansAnyone else { throw AccessListError(.wildcard, entry: entry, index: index) }
        anyone = true
      default:
        let jid: JID
        do {
          jid = try JID(entry)
        } catch {
          throw AccessListError(.invalidJID(error), entry: entry, index: index)
        }
        guard jid.isBare else { throw AccessListError(.resource, entry: entry, index: index) }
        if jid.localpart == nil { domains.insert(jid) } else { jids.insert(jid) }
      }
    }
  }

  /// Whether an address is listed, itself or by its domain; its resource does not matter.
  public func names(_ jid: JID) -> Bool {
    if !jids.isEmpty, jids.contains(jid.bare) { return true }
    return !domains.isEmpty && domains.contains(jid.domain)
  }

  /// Whether an address may do what the list is for.
  ///
  /// - Parameters:
  ///   - jid: the address; its resource does not matter.
  ///   - isContact: whether a bare address is in the roster.
  ///   - isRoom: whether a bare address is a room of the account.
  public func permits(_ jid: JID, isContact: (JID) -> Bool, isRoom: (JID) -> Bool) -> Bool {
    if anyone || names(jid) { return true }
    guard roster || rooms else { return false }
    let bare = jid.bare
    return (roster && isContact(bare)) || (rooms && isRoom(bare))
  }
}

/// Why an entry of a list is refused.
public struct AccessListError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is wrong.
  public enum Reason: Hashable, Sendable {
    /// Neither a word nor an address.
    case invalidJID(JIDError)
    /// An address with a resource.
    case resource
    /// `*` where it is not allowed.
    case wildcard
  }

  /// What is wrong.
  public let reason: Reason
  /// The entry.
  public let entry: String
  /// Its place in the list, from 0.
  public let index: Int

  init(_ reason: Reason, entry: String, index: Int) {
    self.reason = reason
    self.entry = entry
    self.index = index
  }

  /// A sentence for people, without a full stop.
  public var description: String {
    switch reason {
    case .invalidJID(let error):
      "“\(entry.abbreviated)” is neither \"roster\" nor \"rooms\" nor an address: \(error)"
    case .resource: "“\(entry.abbreviated)” has a resource; an entry is a bare address or a domain"
    case .wildcard: "\"*\" is not possible here: name the addresses or domains"
    }
  }
}
