/// A login name and its password on a test server.
public struct TestUser: Sendable, Hashable {
  /// The name; on an XMPP server the localpart.
  public var name: String
  /// The password in plain text.
  public var password: String

  /// A user.
  public init(_ name: String, password: String = "secret") {
    self.name = name
    self.password = password
  }

  /// The account that the bridge logs in with.
  public static let bot = TestUser("bot")
  /// A person who talks to the bridge.
  public static let alice = TestUser("alice")
  /// Another person.
  public static let bob = TestUser("bob")
}
