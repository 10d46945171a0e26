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
  /// Events for which the broker is waited for.
  private let kept: Lock<[BridgeEvent]> = Lock([])
  private let exhaustion = Lock(Disturbance())

  /// So many events wait for the broker at most.
  private static let maxKept = 32

  init(log: Logger, topics: TopicTree, bridge: String) {
    self.log = log
    self.topics = topics
    self.bridge = bridge
  }

  /// Names the service to publish with.
  func attach(_ service: MQTTService) { mqtt.withLock { $0 = service } }

  /// Lets go of the service.
  func detach() { mqtt.withLock { $0 = nil } }

  /// The out connection came up or went down.
  func broker(isUp: Bool) {
    isBrokerUp.store(isUp, ordering: .relaxed)
    guard isUp else { return }
    let events = kept.withLock { kept in
      defer { kept = [] }
      return kept
    }
    for event in events { publish(event) }
  }

  /// Logs a report and publishes it.
  /// - Parameter isKept: if the broker is away, its event is published when it comes. An ordinary event is news, and gone.
  func report(_ report: Report, entity: String?, isKept: Bool = false) {
    var metadata: Logger.Metadata = ["event": "\(report.event)"]
    if let entity { metadata["entity"] = "\(entity)" }
    log.log(level: report.level.logLevel, "\(report.detail)", metadata: metadata)
    guard report.level != .debug else { return }
    let event = BridgeEvent(
      time: Clocks.wall(), level: report.level.eventLevel, event: report.event, entity: entity, detail: report.detail)
    if isBrokerUp.load(ordering: .relaxed) {
      publish(event)
    } else if isKept {
      kept.withLock { if $0.count < Self.maxKept { $0.append(event) } }
    }
  }

  /// Looks whether the process can still open sockets and files, and tells if that has changed.
  func lookForDescriptors() {
    let areExhausted = Descriptors.areExhausted
    let news = exhaustion.withLock { exhaustion in
      exhaustion.set(areExhausted)
      return exhaustion.news(now: Clocks.monotonic())
    }
    switch news {
    case .began:
      let detail = "no file descriptor is left: connections that are up stay, others wait (see ulimit -n, LimitNOFILE=)"
      report(Report(level: .error, event: "descriptors-exhausted", detail: detail), entity: nil, isKept: true)
    case .ended:
      report(
        Report(level: .notice, event: "descriptors-available", detail: "there are file descriptors again"), entity: nil,
        isKept: true)
    case nil: break
    }
  }

  /// Says what was found in the state file, where that matters.
  func found(_ recovered: Recovered) {
    if let aside = recovered.setAside {
      let detail =
        "the state file could not be used (\(aside.reason)); it is now \(aside.path), and a new one was begun: what "
        + "waited in it is not delivered, and messages may come twice"
      report(Report(level: .error, event: "state-set-aside", detail: detail), entity: nil, isKept: true)
    }
    let detail: String
    switch recovered.continuity {
    case .new, .closed, .interrupted: return
    case .uncertain:
      detail = "the system went down while the state file was open: no stream is resumed, and messages may come twice"
    case .copied:
      detail = "the state file is a copy, which may be old: no stream is resumed, and messages may come twice"
    }
    report(Report(level: .warning, event: "state-uncertain", detail: detail), entity: nil, isKept: true)
  }

  /// Sets a retained topic.
  func retain(_ topic: String, _ payload: [UInt8]) {
    let state = RetainedState(topic: topic, payload: payload, properties: PublishMarks.properties(bridge: bridge))
    mqtt.withLock { $0 }?.setRetained([state])
  }

  private func publish(_ event: BridgeEvent) {
    let publish = OutboundPublish(
      token: 0, topic: topics.event, payload: event.json, qos: .atLeastOnce,
      properties: PublishMarks.properties(bridge: bridge))
    mqtt.withLock { $0 }?.publish([publish], from: Unheard.shared)
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
