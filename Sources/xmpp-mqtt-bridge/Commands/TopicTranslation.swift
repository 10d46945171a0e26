import Mapping
import XMPP

/// What people mean when they ask for the translation of a JID or a topic.
enum TopicTranslation {
  /// Why there is no translation, and the right form if there is one.
  struct Fault: Error, Equatable, CustomStringConvertible {
    let description: String
  }

  /// The levels of the topic tree that are followed by a JID.
  private static let parents: Set<Substring> = ["message", "presence", "typing", room]
  /// The one of them whose JID is that of a room.
  private static let room: Substring = "room"

  /// The level that stands for a JID; for a topic with a JID in it, or for a level with escapes, that JID.
  ///
  /// A text whose first part has an `@` is a JID even if its resource looks like a topic: a topic begins with its
  /// prefix.
  static func translate(_ text: String) throws(Fault) -> String {
    let levels = text.split(separator: "/", omittingEmptySubsequences: false)
    if let first = levels.first, !first.contains("@"), let parent = jidParent(in: levels) {
      return try jid(ofLevel: String(levels[parent + 1]), isRoom: levels[parent] == room)
    }
    guard levels.count == 1, text.contains("%") else { return try level(ofJID: text) }
    // A % may also stand in a localpart: what is the exact code of a JID is that, and anything else a JID itself.
    do {
      return try jid(ofLevel: text)
    } catch {
      guard let jid = try? JID(text) else { throw error }
      return TopicLevel.encode(jid)
    }
  }

  /// Where the level before J is in `…/message/J…`: the last that could be, since the prefix may have any words.
  private static func jidParent(in levels: [Substring]) -> Int? {
    levels.indices.dropLast().last { parents.contains(levels[$0]) }
  }

  private static func jid(ofLevel level: String, isRoom: Bool = false) throws(Fault) -> String {
    do {
      return try (isRoom ? TopicLevel.decodeRoom(level) : TopicLevel.decodeJID(level)).description
    } catch {
      throw Fault(description: error.description)
    }
  }

  private static func level(ofJID text: String) throws(Fault) -> String {
    do {
      return TopicLevel.encode(try JID(text))
    } catch {
      throw Fault(description: "“\(text)” is no JID: \(error)")
    }
  }
}
