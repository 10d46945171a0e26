import Mapping
import XMPP

extension Operation {
  /// Topics and the addresses in them.
  static let topics = [
    // The topic of a message that came in.
    Operation("topic.encode", repetitions: 5_000) {
      let topics = try TopicTree().account("home")
      let sender = try JID("alice@example.org/phone")
      return { sum($0) { topics.message(from: sender).utf8.count } }
    },
    Operation("topic.encode.escaped", repetitions: 5_000) {
      let resource = try JID("alice@example.org/100% of #1/+")
      return { sum($0) { TopicLevel.encode(resource).utf8.count } }
    },
    Operation("topic.decode", repetitions: 5_000) {
      let level = TopicLevel.encode(try JID("alice@example.org"))
      return { try sum($0) { try TopicLevel.decodeJID(level).description.utf8.count } }
    },
    Operation("topic.decode.escaped", repetitions: 2_000) {
      let level = TopicLevel.encode(try JID("alice@example.org/100% of #1/+"))
      return { try sum($0) { try TopicLevel.decodeJID(level).description.utf8.count } }
    },
    // A topic that is published to for the first time.
    Operation("topic.address", repetitions: 2_000) {
      let topics = try TopicTree().account("home")
      let topic = topics.messageSend(to: try JID("alice@example.org"))
      return { sum($0) { length(topics.address(of: topic)) } }
    },
    // The same topic the next time.
    Operation("topic.address.cached", repetitions: 5_000) {
      let topics = try TopicTree().account("home")
      let topic = topics.messageSend(to: try JID("alice@example.org"))
      return { repetitions in
        var cache = AddressCache(topics)
        return sum(repetitions) { length(cache.address(of: topic)) }
      }
    },
  ]

  private static func length(_ address: InboundAddress) -> Int {
    if case .send(let jid) = address { jid.description.utf8.count } else { 0 }
  }
}
