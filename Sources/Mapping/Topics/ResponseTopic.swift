import MQTT

extension EntityTopics {
  /// Whether the bridge may publish to a Response Topic that came with a publish to this entity.
  ///
  /// Not if it is no topic name, starts with `$` (the broker's own), or lies under P outside `E/response/`: nobody
  /// shall make the bridge speak where only the bridge speaks.
  public func permitsResponse(on topic: String) -> Bool {
    guard topic.utf8.first != UInt8(ascii: "$"), (try? TopicName.validate(topic)) != nil else { return false }
    guard tree.contains(topic) else { return true }
    let own = root + "/response/"
    return topic.utf8.count > own.utf8.count && topic.hasUTF8Prefix(own)
  }
}
