/// A topic filter: a topic in which `+` stands for any one level and a last `#` for any number of them (MQTT 5 §4.7).
public struct TopicFilter: Sendable, Hashable, CustomStringConvertible {
  /// The filter as it is written, and as it is subscribed to.
  public let text: String
  private let bytes: [UInt8]

  /// Checks the filter.
  /// - Parameter text: the filter; wildcards must fill their levels and `$share/` is refused.
  public init(_ text: String) throws(TopicError) {
    try TopicName.checkCharacters(text.utf8.span)
    let bytes = Array(text.utf8)
    guard !text.hasPrefix("$share/") else { throw .sharedSubscription }
    for (index, byte) in bytes.enumerated() where byte == .plus || byte == .hash {
      let startsLevel = index == 0 || bytes[index - 1] == .slash
      let isLast = index + 1 == bytes.count
      let endsLevel = isLast || (byte == .plus && bytes[index + 1] == .slash)
      guard startsLevel, endsLevel else { throw .misplacedWildcard }
    }
    self.text = text
    self.bytes = bytes
  }

  /// The text.
  public var description: String { text }

  /// A Subscription Identifier (1…268,435,455, MQTT 5 §3.8.2.1.2) that follows from the text alone.
  ///
  /// Messages that wait in a broker's session carry the identifier that was in force when they were published: one
  /// that depends on the order of routes in a file would send them down the wrong route after the file was edited.
  public var subscriptionIdentifier: UInt32 {
    UInt32(truncatingIfNeeded: StableHash.of(bytes) % 268_435_455) + 1
  }

  /// Whether a publish to `topic` is delivered to a subscriber of this filter. A filter that starts with a wildcard
  /// does not match a topic that starts with `$`.
  public func matches(_ topic: String) -> Bool {
    var topic = topic
    return topic.withUTF8 { matches($0) }
  }

  private func matches(_ topic: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let first = topic.first, let filterFirst = bytes.first else { return false }
    if first == .dollar, filterFirst == .plus || filterFirst == .hash { return false }
    var here = 0
    var there = 0
    while true {
      // Both indexes stand at the start of a level.
      if here < bytes.count, bytes[here] == .hash { return true }
      if here < bytes.count, bytes[here] == .plus {
        here += 1
        while there < topic.count, topic[there] != .slash { there += 1 }
      } else {
        while here < bytes.count, bytes[here] != .slash {
          guard there < topic.count, topic[there] == bytes[here] else { return false }
          here += 1
          there += 1
        }
        guard there == topic.count || topic[there] == .slash else { return false }
      }
      switch (here == bytes.count, there == topic.count) {
      case (true, true): return true
      case (true, false): return false
      // `a/#` matches `a` too.
      case (false, true): return here + 2 == bytes.count && bytes[here + 1] == .hash
      case (false, false):
        here += 1
        there += 1
      }
    }
  }
}
