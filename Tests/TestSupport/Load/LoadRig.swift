import Foundation
import Platform

/// A bridge with many accounts between a broker and an XMPP server, alice, who talks to all of them, and a device that
/// hears them all.
public final class LoadRig: Sendable {
  /// How the accounts' links are protected: `tls` of an account.
  public enum TLS: String, Sendable, CaseIterable {
    /// TLS first.
    case direct
    /// TLS is negotiated in the stream.
    case starttls
    /// None.
    case none
  }

  /// What a load is played on.
  public struct Options: Sendable {
    /// How many accounts the bridge has.
    public var accounts: Int
    /// The XMPP server.
    public var server = XMPPServerKind.prosody
    /// The links to it.
    public var tls = TLS.direct
    /// `status` of every account.
    public var status = "all"
    /// What shall be able to wait for the first account; nil for no more than usual.
    public var waiting: Waiting?

    /// So many accounts at Prosody over direct TLS.
    public init(accounts: Int) { self.accounts = accounts }
  }

  /// What shall be able to wait for the first account while its server, or the broker, is away: the journal has room for
  /// it, the other accounts have an XMPP server of their own, and broker and device keep what they have over a restart.
  public struct Waiting: Sendable {
    /// How many messages.
    public var messages: Int
    /// How many bytes each body has.
    public var size: Int

    /// So many of that size.
    public init(messages: Int, size: Int) {
      self.messages = messages
      self.size = size
    }
  }

  /// How many accounts the bridge has.
  public let accounts: Int
  /// The broker, with its own limits but for the length of its queues.
  public let broker: MosquittoServer
  /// The XMPP server of the first account, and of the others unless they have one of their own.
  public var server: any XMPPServer { servers[0] }
  private let servers: [any XMPPServer]
  /// The device: it publishes for every account and hears their messages and states.
  public let device: MQTTTestClient
  private let configuration: BridgeConf
  /// The files that the configuration names.
  private let certificates: Certificates
  private let people = Lock<[Alice]>([])
  private let running = Lock<BridgeProcess?>(nil)

  /// Alice's connection, and what she got over it.
  struct Alice: Sendable {
    /// The number of her server.
    let server: Int
    let client: XMPPTestClient
    let bodies: Record<[UInt8]>
  }

  private init(
    _ options: Options, broker: MosquittoServer, servers: [any XMPPServer], device: MQTTTestClient,
    certificates: Certificates
  ) {
    accounts = options.accounts
    self.broker = broker
    self.servers = servers
    self.device = device
    self.certificates = certificates
    let ports = servers.map { options.tls == .direct ? $0.directTLSPort ?? $0.port : $0.port }
    configuration = Self.configuration(options, url: broker.url, ports: ports, authority: certificates.authority)
  }

  /// Starts everything but the bridge.
  public static func start(_ options: Options) async throws -> LoadRig {
    var brokerOptions = MosquittoServer.Options()
    brokerOptions.persistence = options.waiting != nil
    let broker = try await MosquittoServer.start(brokerOptions)

    let certificates = try await Certificates()
    var xmppOptions = XMPPServerOptions()
    (xmppOptions.users, xmppOptions.contacts) = ([.alice], [])
    // The server's own, unless a crowd is to come without a loss of its session.
    xmppOptions.acknowledgementQueue = options.waiting.map { $0.messages + 100_000 }
    if options.tls != .none {
      xmppOptions.certificate = try await certificates.issue("server")
      xmppOptions.directTLS = options.tls == .direct
    }
    var servers: [any XMPPServer] = []
    for _ in 0..<(options.waiting == nil ? 1 : 2) {
      let server = try await options.server.start(xmppOptions)
      try await server.addCrowd((0..<options.accounts).map(name), like: .alice)
      servers.append(server)
    }

    var deviceOptions = MQTTTestClient.Options()
    deviceOptions.readsProperties = false
    if options.waiting != nil {
      (deviceOptions.clientID, deviceOptions.cleanStart, deviceOptions.sessionExpiry) = ("device", false, 3_600)
    }
    let device = try await MQTTTestClient.connect(port: broker.port, deviceOptions)
    try await device.subscribe("xmpp/+/state")
    try await device.subscribe("xmpp/+/message/+")
    let rig = LoadRig(options, broker: broker, servers: servers, device: device, certificates: certificates)
    for index in servers.indices { try await rig.aliceConnects(to: index) }
    return rig
  }

  private static func configuration(_ options: Options, url: String, ports: [Int], authority: String) -> BridgeConf {
    var configuration = BridgeConf(
      mqttURL: url,
      accounts: (0..<options.accounts).map { number in
        let user = TestUser(name(number), password: TestUser.alice.password)
        let port = ports[Self.server(of: number, count: ports.count)]
        var account = BridgeConf.Account(user.name, user, port: port, tls: options.tls.rawValue)
        account.allow = ["localhost"]
        account.maySend = ["*"]
        account.status = options.status
        if options.tls != .none { account.more = ["trust = { ca_file = \"\(authority)\" }"] }
        return account
      })
    configuration.logLevel = "warning"
    if let waiting = options.waiting {
      // A stanza, or the JSON of a publish, is larger than its body.
      let mebibytes = 256 + waiting.messages * (waiting.size + 2_048) / 1_048_576
      configuration.moreDelivery = [
        "journal_max_messages = \(waiting.messages + 100_000)", "journal_max_bytes = \"\(mebibytes)MiB\"",
      ]
    }
    return configuration
  }

  // MARK: The bridge

  /// The bridge that runs.
  public var bridge: BridgeProcess {
    get throws {
      guard let bridge = running.withLock({ $0 }) else { throw TestFailure("no bridge runs") }
      return bridge
    }
  }

  /// Starts a bridge with an empty state.
  /// - Parameter accounts: how many of the accounts it has; nil for all.
  public func startBridge(accounts: Int? = nil) async throws {
    var configuration = configuration
    if let accounts { configuration.accounts = Array(configuration.accounts.prefix(accounts)) }
    let bridge = try BridgeProcess(configuration)
    running.withLock { $0 = bridge }
    try await bridge.start()
  }

  /// Ends the bridge and forgets it.
  public func stopBridge() async throws {
    try await bridge.stop()
    running.withLock { $0 = nil }
  }

  /// Waits until so many accounts have said that they are online.
  /// - Parameter mark: an earlier `device.messages.count`: states from before are not counted.
  /// - Returns: when each of them said so first; fewer than asked for if the others do not come.
  public func online(_ accounts: Int, from mark: Int) async throws -> [ContinuousClock.Instant] {
    var (seen, next): ([String: ContinuousClock.Instant], Int) = ([:], mark)
    let start = ContinuousClock.now
    while true {
      let news = device.messages.timeline(from: next)
      next += news.count
      for (message, moment) in news where Self.isState(message.topic) && seen[message.topic] == nil {
        if message.text.contains("\"online\"") { seen[message.topic] = moment }
      }
      if seen.count >= accounts || start.duration(to: .now) > patience { return seen.values.sorted() }
      if let exit = try bridge.current?.exitSoFar { throw TestFailure("the bridge has ended: \(exit)") }
      try await Task.sleep(for: .milliseconds(50))
    }
  }

  /// How long all accounts may take for something.
  public var patience: Duration { Patience.reconnect + .milliseconds(50) * accounts }

  // MARK: Alice

  /// Alice connects, for the first time or after her server has thrown her out.
  /// - Parameter number: of the server.
  public func aliceConnects(to number: Int = 0) async throws {
    // What her server has kept for her comes with her presence: by then, only bodies are looked at.
    let client = try await XMPPTestClient.connect(.alice, port: servers[number].port, available: false)
    let alice = Alice(server: number, client: client, bodies: try await client.scanBodies())
    let word = "alice is there"
    client.send("<presence/>" + XMPPTestClient.message(word, to: client.bareJID, id: "there"))
    _ = try await alice.bodies.first("her own message", timeout: patience) { $0 == Array(word.utf8) }
    people.withLock { $0.append(alice) }
  }

  /// Her present connection to the server of an account.
  func alice(of account: Int) throws -> XMPPTestClient {
    let server = Self.server(of: account, count: servers.count)
    guard let alice = allAlices.last(where: { $0.server == server }) else { throw TestFailure("alice is not there") }
    return alice.client
  }

  /// How many of alice's messages the server still keeps for an account that is online: a server may put one into its store
  /// for those who are away just when it has emptied that. The bridge has never seen them.
  public func keptByServer(for account: Int) async throws -> Int {
    let user = TestUser(Self.name(account), password: TestUser.alice.password)
    let client = try await XMPPTestClient.connect(user, port: server.port, resource: "witness")
    do {
      _ = try await client.messages.first("what the server has kept", timeout: .seconds(10))
    } catch is TimedOut {}
    try await client.disconnect()
    return client.messages.count
  }

  /// All connections of alice, the present ones last.
  var allAlices: [Alice] { people.withLock { $0 } }

  // MARK: Names

  /// The number of an account's server, of so many.
  private static func server(of account: Int, count: Int) -> Int { min(account, count - 1) }

  /// The localpart of an account, which is its name for the bridge, too.
  static func name(_ number: Int) -> String { "a\(number)" }

  /// Whether an account says there how it stands; the bridge itself does so, too.
  private static func isState(_ topic: String) -> Bool {
    topic.hasSuffix("/state") && topic != "xmpp/bridge/state"
  }

  /// Where the device publishes to alice.
  static func sendTopic(_ account: Int) -> String { "\(messageTopic(account))/send" }

  /// Where alice's messages come out.
  static func messageTopic(_ account: Int) -> String { "xmpp/\(name(account))/message/alice@localhost" }

  /// Whom alice writes to.
  static func jid(_ account: Int) -> String { "\(name(account))@localhost" }
}
