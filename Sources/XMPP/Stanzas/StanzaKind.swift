public import XMLStream

/// The three first-level elements that carry something from entity to entity (RFC 6120 §8). These, and nothing else,
/// are what stream management counts.
public enum StanzaKind: String, Sendable, Hashable, CaseIterable {
  /// Pushed to another entity without an answer.
  case message
  /// Availability, told to whoever subscribed to it.
  case presence
  /// A request, or the answer to one.
  case iq

  /// What an element of a client's stream is; nil if it is no stanza.
  public init?(_ element: XMLElement) {
    guard element.namespace == Namespace.client else { return nil }
    // Every stanza passes here; comparing is faster than looking raw values up.
    switch element.name {
    case "message": self = .message
    case "presence": self = .presence
    case "iq": self = .iq
    default: return nil
    }
  }
}

/// The `type` of a message (RFC 6121 §5.2.2).
public enum MessageType: String, Sendable, Hashable {
  /// A single message outside any conversation; also what an absent or unknown type means.
  case normal
  /// Part of a conversation between two.
  case chat
  /// Part of a conversation in a room (XEP-0045).
  case groupchat
  /// An alert to which no answer is expected.
  case headline
  /// An earlier message came back.
  case error

  /// The type of a message stanza.
  public init(of message: XMLElement) {
    // As above: comparing is faster.
    switch message.attribute("type") {
    case "chat": self = .chat
    case "groupchat": self = .groupchat
    case "headline": self = .headline
    case "error": self = .error
    default: self = .normal
    }
  }
}

/// The `type` of a presence (RFC 6121 §4.7.1).
public enum PresenceType: String, Sendable, Hashable {
  /// No `type`: the sender can be reached.
  case available = ""
  /// The sender no longer can be reached.
  case unavailable
  /// The sender wants to see the recipient's presence.
  case subscribe
  /// The sender lets the recipient see its presence.
  case subscribed
  /// The sender no longer wants to see the recipient's presence.
  case unsubscribe
  /// The sender no longer lets the recipient see its presence.
  case unsubscribed
  /// A server asks for the current presence.
  case probe
  /// An earlier presence came back.
  case error

  /// The type of a presence stanza; nil if RFC 6121 has no such type.
  public init?(of presence: XMLElement) {
    self.init(rawValue: presence.attribute("type") ?? "")
  }
}
