public import XMPP

/// Why a topic, or a part of one, is refused; with the right form where there is one.
public struct AddressError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is wrong.
  public enum Reason: Hashable, Sendable {
    /// There is nothing where a level should be.
    case empty
    /// The level is not exactly the encoding of what it stands for.
    case notNormal
    /// A `%` without two hexadecimal digits behind it, or digits that make no UTF-8.
    case malformedEscape
    /// What the level stands for is no JID.
    case invalidJID(JIDError)
    /// A JID with a localpart or a resource where a localpart alone is meant.
    case notALocalpart
    /// A JID with a resource where a room is meant.
    case roomWithResource
    /// A character that may not stand in a topic prefix or a name.
    case forbiddenCharacter(Unicode.Scalar)
    /// A name that the topic tree needs for itself.
    case reserved
    /// More bytes than a topic has room for.
    case tooLong(limit: Int)
  }

  /// What is wrong.
  public let reason: Reason
  /// The level, prefix or name as it was given.
  public let text: String
  /// The level that means what this one seems to mean; nil if there is none.
  public let rightForm: String?

  init(_ reason: Reason, _ text: String, rightForm: String? = nil) {
    self.reason = reason
    self.text = text
    self.rightForm = rightForm
  }

  /// A sentence for people, without a full stop.
  public var description: String {
    let right = rightForm.map { "; right would be “\($0.abbreviated)”" } ?? ""
    let shown = text.abbreviated
    let what =
      switch reason {
      case .empty: "a level of the topic is empty"
      case .notNormal: "“\(shown)” is not the normal form"
      case .malformedEscape: "“\(shown)” has a % that is no part of a %XX"
      case .invalidJID(let error): "“\(shown)” is no JID: \(error)"
      case .notALocalpart: "“\(shown)” is no localpart of a JID"
      case .roomWithResource: "“\(shown)” has a resource, and a room has none"
      case .forbiddenCharacter(let scalar): "“\(shown)” must not contain “\(scalar)”"
      case .reserved: "“\(shown)” is a word of the topic tree"
      case .tooLong(let limit): "a topic level of more than \(limit) bytes"
      }
    return what + right
  }
}
