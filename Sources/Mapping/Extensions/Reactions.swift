import XMLStream

/// Message Reactions (XEP-0444): all that one person has to say to a message, in the place of what was said before.
public struct Reactions: Sendable, Hashable {
  /// The id of the message reacted to.
  public var to: String
  /// The emoji; none withdraws the earlier ones.
  public var set: [String]

  /// Reactions to a message.
  public init(to: String, set: [String]) {
    self.to = to
    self.set = set
  }

  /// The reactions that a message carries; nil if it carries none.
  init?(of stanza: XMLElement) {
    guard let element = stanza.child("reactions", in: Namespace.reactions), let id = element.attribute("id").nonEmpty
    else { return nil }
    to = id
    set = element.children.lazy.filter { $0.is("reaction", in: Namespace.reactions) }.map(\.text)
      .filter { !$0.isEmpty }
  }
}
