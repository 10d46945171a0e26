import DequeModule
import XMPP

/// Whom to tell about messages that the server already has, should they bounce: the last few of those asked about.
///
/// A bounce of any other message is told on the bouncing contact's status topic, which needs no memory.
struct RecentMessages: Sendable {
  private var origins: [String: MessageOrigin] = [:]
  private var order: Deque<String> = []

  /// How many are remembered.
  static let capacity = 4_096

  /// Remembers a message that was acknowledged.
  mutating func remember(_ origin: MessageOrigin) {
    guard origin.isAsked, origins.updateValue(origin, forKey: origin.id) == nil else { return }
    order.append(origin.id)
    if order.count > Self.capacity { origins[order.removeFirst()] = nil }
  }

  /// Whom to tell about the message with this id, if it was sent to the topic of that contact.
  func origin(of id: String, statusTopic: String) -> MessageOrigin? {
    guard let origin = origins[id], origin.statusTopic == statusTopic else { return nil }
    return origin
  }
}
