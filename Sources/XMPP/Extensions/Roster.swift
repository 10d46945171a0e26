import XMLStream

/// The contact list that the server keeps (RFC 6121 §2).
public struct Roster: Sendable, Equatable {
  /// One contact, or the message that it is one no longer.
  public struct Item: Sendable, Equatable {
    /// Who sees whose presence (RFC 6121 §2.1.2.5).
    public enum Subscription: String, Sendable, Hashable {
      /// Neither.
      case none
      /// We see the contact's.
      case to
      /// The contact sees ours.
      case from
      /// Both.
      case both
      /// Only in pushes: the contact was removed.
      case remove
    }

    /// The contact's address.
    public var jid: JID
    /// What the account calls it.
    public var name: String?
    /// Who sees whose presence.
    public var subscription: Subscription
    /// A request of ours waits for the contact's answer.
    public var isAsking: Bool
    /// The groups it is in, each once.
    public var groups: [String]

    /// A contact.
    public init(
      jid: JID, name: String? = nil, subscription: Subscription = .none, isAsking: Bool = false, groups: [String] = []
    ) {
      self.jid = jid
      self.name = name
      self.subscription = subscription
      self.isAsking = isAsking
      self.groups = groups
    }

    init?(_ element: XMLElement) {
      guard element.is("item", in: Namespace.roster), let jid = element.attribute("jid").flatMap({ try? JID($0) })
      else { return nil }
      self.jid = jid
      name = element.attribute("name")
      subscription = element.attribute("subscription").flatMap(Subscription.init) ?? .none
      isAsking = element.attribute("ask") == "subscribe"
      groups = []
      for group in element.children where group.is("group", in: Namespace.roster) {
        let text = group.text
        if !groups.contains(text) { groups.append(text) }
      }
    }
  }

  /// What came as a change of the roster.
  public enum Push: Sendable, Equatable {
    /// The iq is about something else.
    case none
    /// This contact changed; the iq has to be answered with an empty result.
    case change(Item, version: String?)
    /// Not from the account itself: somebody pretends. To be answered with `service-unavailable` and to be ignored
    /// (RFC 6121 §2.1.6).
    case forged
    /// From the account, but without exactly one contact that can be read; to be answered with `bad-request`.
    case malformed
  }

  /// The contacts.
  public var items: [Item]
  /// The version the server gave, if it has versions.
  public var version: String?

  /// A roster.
  public init(items: [Item] = [], version: String? = nil) {
    self.items = items
    self.version = version
  }

  /// Reads the result of a ``request(id:version:)``. nil says that nothing changed since the version asked for: then
  /// what changed meanwhile comes as pushes. A contact whose address is no JID is left out.
  public init?(result: IQ) {
    guard result.kind == .result, let query = result.element.child("query", in: Namespace.roster) else { return nil }
    items = query.children.compactMap(Item.init)
    version = query.attribute("ver")
  }

  /// Asks for the roster.
  /// - Parameter version: of the roster that is here, empty if there is none; nil if the server has no versions.
  public static func request(id: String, version: String? = nil) -> [UInt8] {
    IQ.request(.get, id: id, to: nil) { writer in
      writer.open("query", namespace: Namespace.roster)
      if let version { writer.attribute("ver", version) }
      writer.close()
    }
  }

  /// Adds a contact, or changes its name and groups.
  public static func set(_ jid: JID, name: String?, groups: [String], id: String) -> [UInt8] {
    change(id: id) { writer in
      writer.attribute("jid", jid.bare.description)
      if let name { writer.attribute("name", name) }
      for group in groups {
        writer.open("group")
        writer.text(group)
        writer.close()
      }
    }
  }

  /// Removes a contact, and with it the subscriptions both ways (RFC 6121 §2.5).
  public static func remove(_ jid: JID, id: String) -> [UInt8] {
    change(id: id) { writer in
      writer.attribute("jid", jid.bare.description)
      writer.attribute("subscription", Item.Subscription.remove.rawValue)
    }
  }

  private static func change(id: String, item: (inout XMLWriter) -> Void) -> [UInt8] {
    IQ.request(.set, id: id, to: nil) { writer in
      writer.open("query", namespace: Namespace.roster)
      writer.open("item")
      item(&writer)
      writer.close()
      writer.close()
    }
  }

  /// What an iq says about the roster of `account`.
  public static func push(_ iq: IQ, account: JID) -> Push {
    guard iq.kind == .set, let query = iq.payload, query.is("query", in: Namespace.roster) else { return .none }
    if let from = iq.element.attribute("from") {
      guard let sender = try? JID(from), sender == account.bare else { return .forged }
    }
    var children = query.children.makeIterator()
    guard let item = children.next().flatMap(Item.init), children.next() == nil else { return .malformed }
    return .change(item, version: query.attribute("ver"))
  }
}
