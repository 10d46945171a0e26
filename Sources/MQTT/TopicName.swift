/// The rules for the topic of a publish (MQTT 5 §4.7, §1.5.4).
public enum TopicName {
  /// The longest topic, in bytes of UTF-8.
  public static let maximumLength = 65_535

  /// Checks a topic before a broker sees it: brokers close the connection for what they do not like.
  /// - Parameter topic: the text. Length is counted in UTF-8.
  public static func validate(_ topic: String) throws(TopicError) { try validate(utf8: topic.utf8.span) }

  /// Checks a topic; see ``validate(_:)``.
  /// - Parameter utf8: the text, known to be UTF-8.
  static func validate(utf8: Span<UInt8>) throws(TopicError) {
    try checkCharacters(utf8)
    guard !contains(utf8, { $0 == .plus || $0 == .hash }) else { throw .wildcard }
  }

  /// What names and filters have in common: not empty, not too long, no character that brokers refuse.
  static func checkCharacters(_ text: Span<UInt8>) throws(TopicError) {
    let length = text.count
    guard length > 0 else { throw .empty }
    guard length <= maximumLength else { throw .tooLong(length) }
    // Nearly all topics are ASCII: the bytes tell, and scalars are decoded only behind a byte that may be trouble.
    guard contains(text, { $0 < 0x20 || $0 == 0x7F || $0 == 0xC2 || $0 >= 0xEF }) else { return }
    let all = text.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    for scalar in all.unicodeScalars where isForbidden(scalar.value) {
      throw .forbiddenCharacter(scalar.value)
    }
  }

  /// Looks at every byte, even behind a hit: so the compiler makes it look at many at a time.
  private static func contains(_ bytes: Span<UInt8>, _ isWanted: (UInt8) -> Bool) -> Bool {
    var isFound = false
    for index in bytes.indices where isWanted(bytes[index]) { isFound = true }
    return isFound
  }

  private static func isForbidden(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0...0x1F, 0x7F...0x9F, 0xFDD0...0xFDEF: true
    default: scalar & 0xFFFE == 0xFFFE
    }
  }
}

extension UInt8 {
  static let slash = UInt8(ascii: "/")
  static let plus = UInt8(ascii: "+")
  static let hash = UInt8(ascii: "#")
  static let dollar = UInt8(ascii: "$")
}
