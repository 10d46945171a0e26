import Platform
import XMLStream

/// Everything that a scenario needs: a broker, an XMPP server, a proxy before each, the bridge, and the people at both
/// ends: `alice`, an XMPP client, and `device`, an MQTT client.
public final class BridgeRig: Sendable {
  /// The broker.
  public let broker: MosquittoServer
  /// The XMPP server.
  public let server: any XMPPServer
  /// The bridge's way to the broker.
  public let mqttLink: TCPProxy
  /// The bridge's way to the XMPP server.
  public let xmppLink: TCPProxy
  /// The bridge: account `home`, `bot@localhost/bridge`.
  public let bridge: BridgeProcess
  /// The MQTT client at one end; it is subscribed to `xmpp/home/#` and `xmpp/bridge/#`.
  public let device: MQTTTestClient
  /// Alice's connections, the present one last.
  private let connections: Lock<[XMPPTestClient]>

  /// What a scenario may vary.
  public struct Options: Sendable {
    /// The XMPP server.
    public var server = XMPPServerKind.prosody
    /// The protocol of the bridge and of the device.
    public var mqtt = MQTTTestClient.Version.v5
    /// Settings of the XMPP server.
    public var xmppOptions = XMPPServerOptions()
    /// Settings of the broker.
    public var brokerOptions = MosquittoServer.Options()
    /// Settings of the device, besides its protocol.
    public var deviceOptions = MQTTTestClient.Options()
    /// Changes to the bridge's configuration.
    public var configure: @Sendable (inout BridgeConf) -> Void = { _ in }
    /// Done before the bridge is started.
    public var prepare: @Sendable (BridgeProcess) throws -> Void = { _ in }

    /// Prosody and MQTT 5, everything at its default.
    public init(server: XMPPServerKind = .prosody, mqtt: MQTTTestClient.Version = .v5) {
      self.server = server
      self.mqtt = mqtt
    }
  }

  private init(
    broker: MosquittoServer, server: any XMPPServer, mqttLink: TCPProxy, xmppLink: TCPProxy, bridge: BridgeProcess,
    device: MQTTTestClient, alice: XMPPTestClient
  ) {
    self.broker = broker
    self.server = server
    self.mqttLink = mqttLink
    self.xmppLink = xmppLink
    self.bridge = bridge
    self.device = device
    connections = Lock([alice])
  }

  /// Starts everything; returns when messages pass both ways.
  public static func start(_ options: Options = Options()) async throws -> BridgeRig {
    async let starting = options.server.start(options.xmppOptions)
    var brokerOptions = options.brokerOptions
    brokerOptions.logTypes.append("subscribe")
    let broker = try await MosquittoServer.start(brokerOptions)
    let server = try await starting
    let mqttLink = try await TCPProxy.start(to: broker.port)
    let xmppLink = try await TCPProxy.start(to: server.port)

    var configuration = BridgeConf(
      mqttURL: "mqtt://127.0.0.1:\(mqttLink.port)", accounts: [.init(port: xmppLink.port)])
    configuration.mqttVersion = options.mqtt
    options.configure(&configuration)

    var deviceOptions = options.deviceOptions
    deviceOptions.version = options.mqtt
    let device = try await MQTTTestClient.connect(port: broker.port, deviceOptions)
    try await device.subscribe("xmpp/home/#")
    try await device.subscribe("xmpp/bridge/#")
    let alice = try await XMPPTestClient.connect(.alice, port: server.port)

    let bridge = try BridgeProcess(configuration)
    try options.prepare(bridge)
    let rig = BridgeRig(
      broker: broker, server: server, mqttLink: mqttLink, xmppLink: xmppLink, bridge: bridge, device: device,
      alice: alice)
    try await bridge.start()
    try await rig.ready()
    return rig
  }

  /// The XMPP client at the other end, a contact of `bot`.
  public var alice: XMPPTestClient { connections.withLock { $0[$0.count - 1] } }

  /// Alice before each return, the present one last.
  public var allAlices: [XMPPTestClient] { connections.withLock { $0 } }

  /// Alice connects anew, after her server has thrown her out.
  public func aliceReturns() async throws {
    let alice = try await XMPPTestClient.connect(.alice, port: server.port)
    connections.withLock { $0.append(alice) }
  }

  /// The JID that alice writes to.
  public var botJID: String { "bot@localhost" }

  /// Where the device publishes to alice, as plain text.
  public var sendTopic: String { "xmpp/home/message/alice@localhost/send" }

  /// Where alice's messages come out.
  public var messageTopic: String { "xmpp/home/message/alice@localhost" }

  /// Where the device sees what became of its messages to alice.
  public var statusTopic: String { "xmpp/home/message/alice@localhost/status" }

  /// Waits until a new bridge is reachable from both ends: its account is online, the broker has its subscription, and
  /// alice sees its presence. What was sent before would be nobody's, or would wait in the server's offline store.
  public func ready() async throws {
    try await online()
    let topic = sendTopic
    let subscription = "bridge-in-home 1 "
    _ = try await broker.log?.first("the bridge's subscription to \(topic)") { line in
      guard let start = line.firstRange(of: subscription)?.upperBound else { return false }
      return MQTTMessage.topic(topic, matches: String(line[start...]))
    }
    let bot = botJID
    _ = try await alice.elements.first("presence of the bridge") { element in
      element.name == "presence" && element.attribute("type") == nil
        && element.attribute("from")?.hasPrefix(bot) == true
    }
  }

  /// Waits until the account says that it is online.
  /// - Parameter mark: an earlier `device.messages.count`, to wait for a state published after that.
  public func online(from mark: Int = 0) async throws {
    do {
      _ = try await device.messages.first("the account online", from: mark) {
        $0.topic == "xmpp/home/state" && $0.text.contains("\"online\"")
      }
    } catch {
      throw TestFailure("\(error)\nthe bridge's log:\n\(bridge.log.all.suffix(30).joined(separator: "\n"))")
    }
  }

  /// The next `count` messages from alice, in order of arrival at the device.
  public func bridged(_ count: Int, from mark: Int = 0) async throws -> [BridgedMessage] {
    let topic = messageTopic
    return try await device.messages.first(count, "messages from alice", from: mark) { $0.topic == topic }
      .map(BridgedMessage.init)
  }

  /// Everything that arrived from alice so far.
  public var bridgedSoFar: [BridgedMessage] {
    get throws { try device.messages.all.filter { $0.topic == messageTopic }.map(BridgedMessage.init) }
  }
}
