/// Why a text is no topic name or no topic filter.
public enum TopicError: Error, Sendable, Equatable, CustomStringConvertible {
  /// It has no characters.
  case empty
  /// It has more than 65,535 bytes of UTF-8; this many.
  case tooLong(Int)
  /// A topic name holds `+` or `#`.
  case wildcard
  /// It holds a character that brokers refuse: U+0000–U+001F, U+007F–U+009F or a non-character; its number.
  case forbiddenCharacter(UInt32)
  /// In a filter, `+` does not fill its level, or `#` is not the whole last level.
  case misplacedWildcard
  /// A filter of the form `$share/GROUP/FILTER`: a bridge has one subscriber, and routes match the topic, not the share.
  case sharedSubscription

  /// A sentence for people.
  public var description: String {
    switch self {
    case .empty: "the topic is empty"
    case .tooLong(let count): "the topic has \(count) bytes; at most 65535 are possible"
    case .wildcard: "the topic holds a wildcard (+ or #)"
    case .forbiddenCharacter(let scalar):
      "the topic holds the character U+\(Self.hex(scalar)), which MQTT brokers refuse"
    case .misplacedWildcard: "in a topic filter, + fills a whole level and # is the whole last level"
    case .sharedSubscription: "shared subscriptions ($share/…) are not supported"
    }
  }

  private static func hex(_ scalar: UInt32) -> String {
    let digits = String(scalar, radix: 16, uppercase: true)
    return String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
  }
}
