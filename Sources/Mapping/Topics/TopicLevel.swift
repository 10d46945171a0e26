public import XMPP

/// The code that makes one topic level of any text, and of a JID.
///
/// `%` `/` `+` `#`, U+0000–U+001F, U+007F–U+009F and a leading `$` become `%` and two upper-case hexadecimal digits for
/// each byte of UTF-8; everything else stands for itself. The code is a bijection: a level that is not exactly the
/// encoding of what it stands for is refused, so that a broker's access list on one name cannot be walked around.
public enum TopicLevel {
  /// The most bytes a level may have here: the longest JID with every byte escaped.
  static let limit = 3 * (3 * JID.partLimit + 2)

  /// The level that stands for a JID.
  public static func encode(_ jid: JID) -> String {
    encode(jid.description)
  }

  /// The level that stands for a text, which is taken as it is.
  public static func encode(_ text: String) -> String {
    let bytes = text.utf8.span
    guard let first = firstEscaped(in: bytes) else { return text }
    var level: [UInt8] = []
    level.reserveCapacity(bytes.count + 16)
    for index in 0..<first { level.append(bytes[index]) }
    var index = first
    while index < bytes.count {
      for _ in 0..<escapedLength(at: index, in: bytes) {
        level.append(UInt8(ascii: "%"))
        level.append(hexDigit(bytes[index] >> 4))
        level.append(hexDigit(bytes[index] & 0xF))
        index += 1
      }
      while index < bytes.count, escapedLength(at: index, in: bytes) == 0 {
        level.append(bytes[index])
        index += 1
      }
    }
    return String(decoding: level, as: UTF8.self)
  }

  /// The JID that a level stands for, full or bare.
  ///
  /// - Throws: `AddressError` unless the level is exactly what ``encode(_:)-(JID)`` makes of that JID.
  public static func decodeJID(_ level: String) throws(AddressError) -> JID {
    let jid = try decodeAddress(level, rightForm: encode)
    let right = encode(jid)
    guard sameBytes(right, level) else { throw AddressError(.notNormal, level, rightForm: right) }
    return jid
  }

  /// The room that a level stands for: a bare JID.
  ///
  /// - Throws: `AddressError` unless the level is exactly what ``encode(_:)-(JID)`` makes of that JID. The right form it
  ///   names has no resource.
  public static func decodeRoom(_ level: String) throws(AddressError) -> JID {
    func encodeBare(_ jid: JID) -> String { encode(jid.bare) }

    let jid = try decodeAddress(level, rightForm: encodeBare)
    let right = encodeBare(jid)
    guard jid.isBare else { throw AddressError(.roomWithResource, level, rightForm: right) }
    guard sameBytes(right, level) else { throw AddressError(.notNormal, level, rightForm: right) }
    return jid
  }

  /// The JID of the device of a component that a level stands for.
  ///
  /// - Parameters:
  ///   - level: the encoded localpart.
  ///   - domain: the component's domain.
  /// - Throws: `AddressError` unless the level is exactly the encoding of a normalised localpart, and none of
  ///   ``TopicNames/reserved``.
  public static func decodeNode(_ level: String, domain: JID) throws(AddressError) -> JID {
    func device(_ text: String) throws(JIDError) -> JID {
      try JID(localpart: text, domainpart: domain.domainpart)
    }
    func encodeNode(_ jid: JID) -> String { encode(jid.localpart ?? "") }

    let text = try decodeLeniently(level) { text in (try? device(text)).map(encodeNode) }
    let jid: JID
    do {
      jid = try device(text)
    } catch {
      throw AddressError(error.reason == .forbidden("@") ? .notALocalpart : .invalidJID(error), level)
    }
    let right = encodeNode(jid)
    guard !TopicNames.reserved.contains(right) else { throw AddressError(.reserved, level) }
    guard sameBytes(right, level) else { throw AddressError(.notNormal, level, rightForm: right) }
    return jid
  }

  /// The text that a level stands for, whatever it is.
  ///
  /// - Throws: `AddressError` unless the level is exactly what ``encode(_:)-(String)`` makes of that text.
  public static func decode(_ level: String) throws(AddressError) -> String {
    let text = try decodeLeniently(level) { text in encode(text) }
    let right = encode(text)
    guard sameBytes(right, level) else { throw AddressError(.notNormal, level, rightForm: right) }
    return text
  }

  /// The JID that a level most likely means.
  private static func decodeAddress(_ level: String, rightForm: (JID) -> String) throws(AddressError) -> JID {
    let text = try decodeLeniently(level) { text in (try? JID(text)).map(rightForm) }
    do {
      return try JID(text)
    } catch {
      throw AddressError(.invalidJID(error), level)
    }
  }

  /// What a level most likely means: lower-case digits and needless escapes are understood here and refused later.
  ///
  /// - Parameter rightForm: what the level should be if it is no encoding at all but plain text.
  private static func decodeLeniently(
    _ level: String, rightForm: (String) -> String?
  ) throws(AddressError) -> String {
    guard !level.isEmpty else { throw AddressError(.empty, level) }
    let bytes = level.utf8.span
    guard bytes.count <= limit else { throw AddressError(.tooLong(limit: limit), level.abbreviated) }
    var decoded: [UInt8] = []
    var isEncoded = false
    for index in 0..<bytes.count where bytes[index] == UInt8(ascii: "%") {
      isEncoded = true
      break
    }
    guard isEncoded else { return level }
    decoded.reserveCapacity(bytes.count)
    var index = 0
    while index < bytes.count {
      if bytes[index] == UInt8(ascii: "%") {
        guard index + 2 < bytes.count, let high = hexValue(bytes[index + 1]), let low = hexValue(bytes[index + 2])
        else {
          throw AddressError(.malformedEscape, level, rightForm: rightForm(level))
        }
        decoded.append(high << 4 | low)
        index += 3
      } else {
        decoded.append(bytes[index])
        index += 1
      }
    }
    guard let text = String(validating: decoded, as: UTF8.self) else { throw AddressError(.malformedEscape, level) }
    return text
  }

  private static func firstEscaped(in bytes: Span<UInt8>) -> Int? {
    for index in 0..<bytes.count where escapedLength(at: index, in: bytes) > 0 { return index }
    return nil
  }

  /// How many bytes from here on have to be escaped as one character; 0 if this one stands for itself.
  private static func escapedLength(at index: Int, in bytes: Span<UInt8>) -> Int {
    switch bytes[index] {
    case UInt8(ascii: "%"), UInt8(ascii: "/"), UInt8(ascii: "+"), UInt8(ascii: "#"), 0...0x1F, 0x7F: 1
    case UInt8(ascii: "$"): index == 0 ? 1 : 0
    case 0xC2: bytes[index + 1] <= 0x9F ? 2 : 0  // U+0080–U+009F
    default: 0
    }
  }

  private static func sameBytes(_ left: String, _ right: String) -> Bool {
    left.utf8.elementsEqual(right.utf8)
  }

  private static func hexDigit(_ nibble: UInt8) -> UInt8 {
    nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "A") + nibble - 10
  }

  private static func hexValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    default: nil
    }
  }
}
