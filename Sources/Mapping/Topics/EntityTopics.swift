public import XMPP

/// The topics of an account, or of a device: everything under E.
public struct EntityTopics: Sendable, Hashable {
  /// The tree of the bridge.
  public let tree: TopicTree
  /// E itself, without a slash at its end.
  public let root: String

  init(tree: TopicTree, root: String) {
    self.tree = tree
    self.root = root
  }

  /// `E/state`: whether the account is online; retained.
  public var state: String { root + "/state" }

  /// `E/message/J`: messages from a JID; J is bare whatever is given.
  public func message(from sender: JID) -> String {
    topic(.message, sender.bare)
  }

  /// `E/message/J`, with J as the topic level that ``TopicLevel`` makes of a JID.
  public func message(_ level: String) -> String {
    topic(.message, level: level)
  }

  /// `E/message/J/status`: what became of messages to a JID.
  ///
  /// - Parameter recipient: the JID of the topic published to; it keeps its resource if it has one.
  public func messageStatus(of recipient: JID) -> String {
    topic(.message, recipient) + Suffix.status
  }

  /// `E/message/J/send`.
  public func messageSend(to recipient: JID) -> String {
    topic(.message, recipient) + Suffix.send
  }

  /// `E/message/J/send/json`.
  public func messageSendJSON(to recipient: JID) -> String {
    topic(.message, recipient) + Suffix.sendJSON
  }

  /// `E/room/J`: messages in a room; here and below J is bare whatever is given.
  public func room(_ room: JID) -> String {
    topic(.room, room.bare)
  }

  /// `E/room/J/status`: what became of messages to a room.
  public func roomStatus(of room: JID) -> String {
    self.room(room) + Suffix.status
  }

  /// `E/room/J/state`: whether we are in a room; retained.
  public func roomState(of room: JID) -> String {
    self.room(room) + "/state"
  }

  /// `E/room/J/subject`: what a room is about; retained.
  public func roomSubject(of room: JID) -> String {
    self.room(room) + "/subject"
  }

  /// `E/room/J/occupants`: who is in a room; retained.
  public func roomOccupants(of room: JID) -> String {
    self.room(room) + "/occupants"
  }

  /// `E/room/J/send`.
  public func roomSend(to room: JID) -> String {
    self.room(room) + Suffix.send
  }

  /// `E/room/J/send/json`.
  public func roomSendJSON(to room: JID) -> String {
    self.room(room) + Suffix.sendJSON
  }

  /// What to subscribe to for everything that ``address(of:)`` understands.
  public var filters: [String] {
    Branch.allCases.flatMap { branch in [Suffix.send, Suffix.sendJSON].map { topic(branch, level: "+") + $0 } }
  }

  /// The status topic beside a topic published to, whether or not there is a JID in it.
  ///
  /// - Returns: nil if the topic is none of ``filters``.
  public func statusTopic(beside topic: String) -> String? {
    guard let (branch, level, _) = split(topic) else { return nil }
    return self.topic(branch, level: level) + Suffix.status
  }

  /// Reads a topic that somebody published to.
  public func address(of topic: String) -> InboundAddress {
    guard let (branch, level, isJSON) = split(topic) else { return .unknown }
    do {
      switch branch {
      case .message:
        let jid = try TopicLevel.decodeJID(level)
        return isJSON ? .sendJSON(jid) : .send(jid)
      case .room:
        let room = try TopicLevel.decodeRoom(level)
        return isJSON ? .roomSendJSON(room) : .roomSend(room)
      }
    } catch {
      return .invalid(error)
    }
  }

  private func topic(_ branch: Branch, _ jid: JID) -> String {
    topic(branch, level: TopicLevel.encode(jid))
  }

  private func topic(_ branch: Branch, level: String) -> String {
    var topic = root
    topic.reserveCapacity(root.utf8.count + branch.rawValue.utf8.count + level.utf8.count)
    topic += branch.rawValue
    topic += level
    return topic
  }

  /// The level in the place of J, what stands before it, and whether an envelope is published there.
  private func split(_ topic: String) -> (branch: Branch, level: String, isJSON: Bool)? {
    guard topic.hasUTF8Prefix(root) else { return nil }
    let below = topic.utf8.dropFirst(root.utf8.count)
    guard let branch = Branch.allCases.first(where: { below.starts(with: $0.rawValue.utf8) }) else { return nil }
    let rest = below.dropFirst(branch.rawValue.utf8.count)
    guard let slash = rest.firstIndex(of: UInt8(ascii: "/")) else { return nil }
    let suffix = rest[slash...]
    let isJSON = suffix.elementsEqual(Suffix.sendJSON.utf8)
    guard isJSON || suffix.elementsEqual(Suffix.send.utf8) else { return nil }
    return (branch, String(decoding: rest[..<slash], as: UTF8.self), isJSON)
  }

  /// What stands before J.
  private enum Branch: String, CaseIterable {
    case message = "/message/"
    case room = "/room/"
  }

  private enum Suffix {
    static let send = "/send"
    static let sendJSON = "/send/json"
    static let status = "/status"
  }
}

/// What a topic that somebody published to asks for.
public enum InboundAddress: Sendable, Hashable {
  /// `E/message/J/send`: the payload becomes a message to J, which may have a resource.
  case send(JID)
  /// `E/message/J/send/json`: the envelope becomes a message to J, which may have a resource.
  case sendJSON(JID)
  /// `E/room/J/send`: the payload becomes a message to the room J, which is bare.
  case roomSend(JID)
  /// `E/room/J/send/json`: the envelope becomes a message to the room J, which is bare.
  case roomSendJSON(JID)
  /// One of these topics, but J is no JID or not its normal encoding, or a room with a resource.
  case invalid(AddressError)
  /// None of the topics that the bridge takes publishes on.
  case unknown
}
