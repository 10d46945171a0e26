/// A `bridge.conf` in the making: what tests vary by name, everything else as lines of TOML.
public struct BridgeConf: Sendable {
  /// An `[[account]]`.
  public struct Account: Sendable {
    /// `name`: the level of its topics.
    public var name: String
    /// `jid`, with a resource or without.
    public var jid: String
    /// `password`.
    public var password: String
    /// `port` on 127.0.0.1; nil for none, as where SRV records decide.
    public var port: Int?
    /// `tls`.
    public var tls: String
    /// `allow`; nil for the bridge's default.
    public var allow: [String]?
    /// `may_send`; nil for the bridge's default.
    public var maySend: [String]?
    /// `status`; nil for the bridge's default.
    public var status: String?
    /// Further lines of the table.
    public var more: [String] = []

    /// An account over plain loopback.
    public init(
      _ name: String = "home", _ user: TestUser = .bot, port: Int?, resource: String? = "bridge", tls: String = "none"
    ) {
      self.name = name
      jid = "\(user.name)@localhost" + (resource.map { "/\($0)" } ?? "")
      password = user.password
      self.port = port
      self.tls = tls
    }
  }

  /// A `[[component]]`.
  public struct Component: Sendable {
    /// `name`: the level of its topics.
    public var name: String
    /// `domain`.
    public var domain: String
    /// `secret`.
    public var secret: String
    /// `port` on 127.0.0.1.
    public var port: Int
    /// Further lines of the table.
    public var more: [String] = []

    /// A component.
    public init(_ name: String, domain: String, secret: String, port: Int) {
      self.name = name
      self.domain = domain
      self.secret = secret
      self.port = port
    }
  }

  /// `bridge.name`.
  public var name = "bridge"
  /// `bridge.topic_prefix`.
  public var topicPrefix = "xmpp"
  /// `bridge.log_level`.
  public var logLevel = "debug"
  /// `bridge.on_exit`; nil for the bridge's default.
  public var onExit: String?
  /// `mqtt.url`.
  public var mqttURL: String
  /// `mqtt.protocol`.
  public var mqttVersion = MQTTTestClient.Version.v5
  /// `mqtt.keepalive`; nil for the bridge's default. `delivery.hold` may be a quarter of it.
  public var keepalive: String?
  /// `delivery.hold`; nil for the bridge's default.
  public var hold: String?
  /// `delivery.hold_messages`; nil for the bridge's default.
  public var holdMessages: Int?
  /// Further lines of `[bridge]`.
  public var moreBridge: [String] = []
  /// Further lines of `[mqtt]`.
  public var moreMQTT: [String] = []
  /// Further lines of `[delivery]`.
  public var moreDelivery: [String] = []
  /// Accounts.
  public var accounts: [Account]
  /// Components.
  public var components: [Component] = []
  /// Whatever else the file is to hold, such as routes.
  public var more = ""

  /// A configuration with everything left at the bridge's defaults.
  public init(mqttURL: String, accounts: [Account]) {
    self.mqttURL = mqttURL
    self.accounts = accounts
  }

  /// The text of the file.
  /// - Parameter state: `bridge.state`.
  public func text(state: String) -> String {
    var lines = ["[bridge]", "name = \(quoted(name))", "topic_prefix = \(quoted(topicPrefix))"]
    lines += ["state = \(quoted(state))", "log_level = \(quoted(logLevel))"]
    if let onExit { lines.append("on_exit = \(quoted(onExit))") }
    lines += moreBridge + ["", "[mqtt]", "url = \(quoted(mqttURL))", "protocol = \(quoted(mqttVersion.rawValue))"]
    if let keepalive { lines.append("keepalive = \(quoted(keepalive))") }
    lines += moreMQTT + ["", "[delivery]"]
    if let hold { lines.append("hold = \(quoted(hold))") }
    if let holdMessages { lines.append("hold_messages = \(holdMessages)") }
    lines += moreDelivery
    for account in accounts {
      lines += ["", "[[account]]", "name = \(quoted(account.name))", "jid = \(quoted(account.jid))"]
      lines += ["password = \(quoted(account.password))", "tls = \(quoted(account.tls))"]
      if let port = account.port { lines += ["host = \"127.0.0.1\"", "port = \(port)"] }
      if let allow = account.allow { lines.append("allow = \(list(allow))") }
      if let maySend = account.maySend { lines.append("may_send = \(list(maySend))") }
      if let status = account.status { lines.append("status = \(quoted(status))") }
      lines += account.more
    }
    for component in components {
      lines += ["", "[[component]]", "name = \(quoted(component.name))", "domain = \(quoted(component.domain))"]
      lines += ["secret = \(quoted(component.secret))", "host = \"127.0.0.1\"", "port = \(component.port)"]
      lines += component.more
    }
    return (lines + ["", more]).joined(separator: "\n") + "\n"
  }

  private func quoted(_ text: String) -> String {
    "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
  }

  private func list(_ items: [String]) -> String { "[" + items.map(quoted).joined(separator: ", ") + "]" }
}
