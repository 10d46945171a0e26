public import BridgeConfig
import Logging
import MQTT
import MQTTClient
import Mapping

/// Connects to the broker to see what it offers: as the bridge would, but under a client id of its own, so that a bridge
/// that runs keeps its connections, and without a will. Nothing is published and nothing subscribed to.
public enum BrokerProber {
  /// What is known of the broker; what was not found out is nil.
  public struct Finding: Sendable, Equatable {
    /// How the login ended.
    public var outcome: LoginOutcome
    /// The MQTT version agreed upon: `5` or `3.1.1`.
    public var protocolVersion: String?
    /// The highest QoS that the broker takes, 0 to 2. A 3.1.1 broker does not say.
    public var maximumQoS: Int?
    /// Whether the broker keeps retained messages. A 3.1.1 broker does not say.
    public var keepsRetained: Bool?

    /// A finding of which nothing but the outcome is known.
    init(outcome: LoginOutcome) { self.outcome = outcome }
  }

  /// For finding a version that the broker speaks, and logging in.
  private static let loginLimit = Duration.seconds(20)

  /// Connects, and leaves again; takes 25 s at most.
  public static func probe(_ configuration: BridgeConfiguration) async -> Finding {
    let visitor = BrokerVisitor()
    let service: MQTTService
    let settings: MQTTConfiguration
    do {
      settings = try Self.settings(configuration)
      service = try MQTTService(
        settings, outbound: visitor, log: Logger(label: "check") { _ in SwiftLogNoOpLogHandler() })
    } catch {
      return Finding(outcome: .unreachable("\(error)"))
    }
    // A broker that knows no MQTT 5 may just close, and is then asked in 3.1.1.
    let closesTaken = settings.version == .v5 ? ProtocolFallback.closesTaken + 1 : 1
    let finding = await withTaskGroup { group in
      group.addTask {
        try? await Task.sleep(for: loginLimit)
        visitor.giveUp()
      }
      let finding = await firstFinding(in: visitor.events, closesTaken: closesTaken)
      group.cancelAll()
      return finding
    }
    await service.stop()
    return finding
  }

  private static func settings(_ configuration: BridgeConfiguration) throws -> MQTTConfiguration {
    let tree = try TopicTree(prefix: configuration.bridge.topicPrefix)
    var settings = MQTTConfiguration(configuration, tree: tree)
    settings.outboundClientID = "\(configuration.bridge.name)-check-\(RunningAccount.nonce().prefix(8))"
    settings.will = nil
    return settings
  }

  /// The first event that decides, or what was known when the visitor gave up.
  private static func firstFinding(in events: AsyncStream<BrokerVisitor.Event>, closesTaken: Int) async -> Finding {
    var finding = Finding(outcome: .unreachable("no login within 20 s"))
    var closes = 0
    for await event in events {
      switch event {
      case .connected(let connected):
        finding.outcome = .loggedIn
        finding.protocolVersion = connected.version.description
        finding.maximumQoS = connected.maximumQoS.map { Int($0.rawValue) }
        finding.keepsRetained = connected.keepsRetained
        return finding
      case .disconnected(let reason, let retryIn):
        finding.outcome = LoginOutcome(reason)
        switch reason {
        case .closedByPeer, .protocolViolation:
          closes += 1
          if closes == closesTaken { return finding }
        case .refused(.unsupportedProtocolVersion) where retryIn == .zero: break
        default: return finding
        }
      }
    }
    return finding
  }
}

/// Passes on what the out connection says.
private final class BrokerVisitor: MQTTConnectionHandler {
  enum Event: Sendable {
    case connected(MQTTConnected)
    case disconnected(MQTTDisconnectReason, retryIn: Duration?)
  }

  let events: AsyncStream<Event>
  private let source: AsyncStream<Event>.Continuation

  init() { (events, source) = AsyncStream.makeStream() }

  func connected(_ connection: MQTTConnected) { source.yield(.connected(connection)) }

  func disconnected(_ reason: MQTTDisconnectReason, retryIn: Duration?) {
    source.yield(.disconnected(reason, retryIn: retryIn))
  }

  func giveUp() { source.finish() }
}
