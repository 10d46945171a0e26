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
    message(TopicLevel.encode(sender.bare))
  }

  /// `E/message/J/status`: what became of messages to a JID.
  ///
  /// - Parameter recipient: the JID of the topic published to; it keeps its resource if it has one.
  public func messageStatus(of recipient: JID) -> String {
    message(TopicLevel.encode(recipient)) + Suffix.status
  }

  /// `E/message/J/send`.
  public func messageSend(to recipient: JID) -> String {
    message(TopicLevel.encode(recipient)) + Suffix.send
  }

  /// `E/message/J/send/json`.
  public func messageSendJSON(to recipient: JID) -> String {
    message(TopicLevel.encode(recipient)) + Suffix.sendJSON
  }

  /// What to subscribe to for everything that ``address(of:)`` understands.
  public var filters: [String] {
    [message("+") + Suffix.send, message("+") + Suffix.sendJSON]
  }

  /// The status topic beside a topic published to, whether or not there is a JID in it.
  ///
  /// - Returns: nil if the topic is none of ``filters``.
  public func statusTopic(beside topic: String) -> String? {
    guard let (level, _) = split(topic) else { return nil }
    return message(level) + Suffix.status
  }

  /// Reads a topic that somebody published to.
  public func address(of topic: String) -> InboundAddress {
    guard let (level, isJSON) = split(topic) else { return .unknown }
    do {
      let jid = try TopicLevel.decodeJID(level)
      return isJSON ? .sendJSON(jid) : .send(jid)
    } catch {
      return .invalid(error)
    }
  }

  private func message(_ level: String) -> String {
    root + Suffix.message + level
  }

  /// The level in the place of J, and which of the two topics it is.
  private func split(_ topic: String) -> (level: String, isJSON: Bool)? {
    let start = root.utf8.count + Suffix.message.utf8.count
    let bytes = topic.utf8
    guard bytes.count >= start, topic.hasUTF8Prefix(root),
      bytes.dropFirst(root.utf8.count).starts(with: Suffix.message.utf8)
    else { return nil }
    let rest = bytes.dropFirst(start)
    guard let slash = rest.firstIndex(of: UInt8(ascii: "/")) else { return nil }
    let suffix = rest[slash...]
    let isJSON = suffix.elementsEqual(Suffix.sendJSON.utf8)
    guard isJSON || suffix.elementsEqual(Suffix.send.utf8) else { return nil }
    return (String(decoding: rest[..<slash], as: UTF8.self), isJSON)
  }

  private enum Suffix {
    static let message = "/message/"
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
  /// One of these topics, but J is no JID or not its normal encoding.
  case invalid(AddressError)
  /// None of the topics that the bridge takes publishes on.
  case unknown
}
