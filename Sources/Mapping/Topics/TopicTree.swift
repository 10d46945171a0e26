/// The topics of one bridge: everything under the prefix P.
public struct TopicTree: Sendable, Hashable {
  /// The prefix, without a slash at its end.
  public let prefix: String

  /// The tree under a prefix.
  ///
  /// - Throws: `AddressError` if the prefix is not one (``TopicNames/check(prefix:)``).
  public init(prefix: String = "xmpp") throws(AddressError) {
    try TopicNames.check(prefix: prefix)
    self.prefix = prefix
  }

  /// `P/bridge/state`: whether the bridge runs; retained, and the will.
  public var state: String { prefix + "/bridge/state" }
  /// `P/bridge/info`: version, start time, accounts, components; retained.
  public var info: String { prefix + "/bridge/info" }
  /// `P/bridge/event`: what happened.
  public var event: String { prefix + "/bridge/event" }

  /// The topics of an account: everything under `P/A`.
  ///
  /// - Throws: `AddressError` if the name is not one (``TopicNames/check(name:)``).
  public func account(_ name: String) throws(AddressError) -> EntityTopics {
    try TopicNames.check(name: name)
    return EntityTopics(tree: self, root: prefix + "/" + name)
  }

  /// Whether a topic is the prefix itself or lies under it.
  public func contains(_ topic: String) -> Bool {
    topic.hasUTF8Prefix(prefix)
      && (topic.utf8.count == prefix.utf8.count || topic.utf8.span[prefix.utf8.count] == UInt8(ascii: "/"))
  }
}

extension String {
  /// Whether the text begins with these bytes; unlike `hasPrefix` it knows nothing of characters.
  func hasUTF8Prefix(_ prefix: String) -> Bool {
    utf8.count >= prefix.utf8.count && utf8.starts(with: prefix.utf8)
  }
}
