/// What the bridge is, as `P/bridge/info` tells it.
public struct BridgeInfo: Sendable, Hashable {
  /// The version of the program.
  public var version: String
  /// When it was started, in milliseconds since 1970.
  public var started: Int64
  /// The names of the accounts.
  public var accounts: [String]
  /// The names of the components.
  public var components: [String]

  /// What the bridge is.
  public init(version: String, started: Int64, accounts: [String], components: [String] = []) {
    self.version = version
    self.started = started
    self.accounts = accounts
    self.components = components
  }

  /// `{"version":…,"started":…,"accounts":[…],"components":[…]}`
  public var json: [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("version", version)
    writer.member("started", time: started)
    writer.member("accounts", accounts)
    writer.member("components", components)
    writer.endObject()
    return writer.bytes
  }
}
