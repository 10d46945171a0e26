/// Why a text is no JSON (RFC 8259), or none that is taken here.
public struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is wrong.
  public enum Problem: Hashable, Sendable {
    /// The text ends too early.
    case unexpectedEnd
    /// Something else than these stands there.
    case expected(String)
    /// The bytes are no UTF-8.
    case notUTF8
    /// A string with an unescaped control character.
    case controlCharacter
    /// A `\` before something that cannot be escaped.
    case badEscape
    /// A `\uD800`–`\uDFFF` that is no half of a pair.
    case loneSurrogate
    /// A number that does not follow the grammar.
    case badNumber
    /// A name that occurs twice in one object.
    case duplicateName(String)
    /// Something behind the value.
    case trailingText
    /// Arrays and objects deeper than the limit.
    case tooDeep(limit: Int)
    /// More bytes than the limit.
    case tooLong(limit: Int)
  }

  /// What is wrong.
  public let problem: Problem
  /// Where, in bytes from the start of the text.
  public let offset: Int

  /// A sentence for people, without a full stop.
  public var description: String {
    let what =
      switch problem {
      case .unexpectedEnd: "the text ends too early"
      case .expected(let what): "there should be \(what)"
      case .notUTF8: "the text is no UTF-8"
      case .controlCharacter: "a control character in a string has to be escaped"
      case .badEscape: "a string has a \\ before something that cannot be escaped"
      case .loneSurrogate: "a string has half of a surrogate pair"
      case .badNumber: "a number is not written as JSON writes them"
      case .duplicateName(let name): "the name “\(name.abbreviated)” occurs twice in an object"
      case .trailingText: "there is something behind the value"
      case .tooDeep(let limit): "arrays and objects are nested deeper than \(limit)"
      case .tooLong(let limit): "the text has more than \(limit) bytes"
      }
    return "at byte \(offset): \(what)"
  }
}
