/// The rules for the names that the operator chooses: the prefix P, accounts A and components C.
public enum TopicNames {
  /// The words that the topic tree needs for itself; no account, component or device may have one as its name.
  public static let reserved = [
    "bridge", "message", "presence", "set", "typing", "roster", "room", "pubsub", "request", "response", "state",
  ]

  /// The most bytes a prefix may have, so that any topic under it has room for a JID.
  public static let prefixLimit = 1024
  /// The most bytes a name may have.
  public static let nameLimit = 256

  /// Checks the name of an account or component: letters, digits, `_` and `-`, and none of ``reserved``.
  ///
  /// - Throws: `AddressError` that names what is wrong.
  public static func check(name: String) throws(AddressError) {
    guard !name.isEmpty else { throw AddressError(.empty, name) }
    guard name.utf8.count <= nameLimit else { throw AddressError(.tooLong(limit: nameLimit), name) }
    for scalar in name.unicodeScalars {
      switch scalar {
      case "A"..."Z", "a"..."z", "0"..."9", "_", "-": continue
      default: throw AddressError(.forbiddenCharacter(scalar), name)
      }
    }
    guard !reserved.contains(name) else { throw AddressError(.reserved, name) }
  }

  /// Checks a topic prefix: levels of any text, none of them empty, without `+ # $` and control characters.
  ///
  /// - Throws: `AddressError` that names what is wrong.
  public static func check(prefix: String) throws(AddressError) {
    guard prefix.utf8.count <= prefixLimit else { throw AddressError(.tooLong(limit: prefixLimit), prefix) }
    for scalar in prefix.unicodeScalars {
      switch scalar {
      case "+", "#", "$", "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}":
        throw AddressError(.forbiddenCharacter(scalar), prefix)
      case _ where scalar.properties.isNoncharacterCodePoint: throw AddressError(.forbiddenCharacter(scalar), prefix)
      default: continue
      }
    }
    // A slash at either end, or two in a row, would be a level without a name that every subscriber has to know of.
    let levels = prefix.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    guard levels.allSatisfy({ !$0.isEmpty }) else { throw AddressError(.empty, prefix) }
  }
}
