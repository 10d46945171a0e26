import Journal
import Logging
import MQTT
import MQTTClient
import Mapping
import Platform
import Synchronization

/// Tells people what happens: the log, and `P/bridge/event` while the broker is there. From any thread.
final class BridgeReporter: Sendable {
  let log: Logger
  private let topics: TopicTree
  private let bridge: String
  private let mqtt: Lock<MQTTService?> = Lock(nil)
  private let isBrokerUp = Atomic<Bool>(false)

  init(log: Logger, topics: TopicTree, bridge: String) {
    self.log = log
    self.topics = topics
    self.bridge = bridge
  }

  /// Names the service to publish with.
  func attach(_ service: MQTTService) { mqtt.withLock { $0 = service } }

  /// Lets go of the service.
  func detach() { mqtt.withLock { $0 = nil } }

  /// The out connection came up or went down: an event is news, so nothing is kept for later.
  func broker(isUp: Bool) { isBrokerUp.store(isUp, ordering: .relaxed) }

  /// Logs a report and publishes it.
  func report(_ report: Report, entity: String?) {
    var metadata: Logger.Metadata = ["event": "\(report.event)"]
    if let entity { metadata["entity"] = "\(entity)" }
    log.log(level: report.level.logLevel, "\(report.detail)", metadata: metadata)
    guard isBrokerUp.load(ordering: .relaxed), report.level != .debug else { return }
    let event = BridgeEvent(
      time: Clocks.wall(), level: report.level.eventLevel, event: report.event, entity: entity, detail: report.detail)
    publish([
      OutboundPublish(
        token: 0, topic: topics.event, payload: event.json, qos: .atLeastOnce,
        properties: PublishMarks.properties(bridge: bridge))
    ])
  }

  /// Says what was found in the state file, where that matters.
  func found(_ recovered: Recovered) {
    let detail: String
    switch recovered.continuity {
    case .new, .closed, .interrupted: return
    case .uncertain:
      detail = "the system went down while the state file was open: no stream is resumed, and messages may come twice"
    case .copied:
      detail = "the state file is a copy, which may be old: no stream is resumed, and messages may come twice"
    }
    report(Report(level: .warning, event: "state-uncertain", detail: detail), entity: nil)
  }

  /// Sets a retained topic.
  func retain(_ topic: String, _ payload: [UInt8]) {
    let state = RetainedState(topic: topic, payload: payload, properties: PublishMarks.properties(bridge: bridge))
    mqtt.withLock { $0 }?.setRetained([state])
  }

  private func publish(_ publishes: [OutboundPublish]) {
    mqtt.withLock { $0 }?.publish(publishes, from: Unheard.shared)
  }
}

/// Takes the answers to publishes that nobody waits for.
private final class Unheard: MQTTOutboundHandler {
  static let shared = Unheard()

  func published(_ results: [PublishResult]) {}
}

extension Report.Level {
  var logLevel: Logger.Level {
    switch self {
    case .debug: .debug
    case .info: .info
    case .notice: .notice
    case .warning: .warning
    case .error: .error
    }
  }

  var eventLevel: BridgeEvent.Level {
    switch self {
    case .debug: .debug
    case .info: .info
    case .notice: .notice
    case .warning: .warning
    case .error: .error
    }
  }
}
