import Logging
import MQTT
import MQTTClient
import TestSupport

/// A service and who listens to it.
struct Rig: Sendable {
  let service: MQTTService
  let out = OutboundRecorder()

  init(_ configuration: MQTTConfiguration) throws {
    var log = Logger(label: "mqtt") { _ in SwiftLogNoOpLogHandler() }
    log.logLevel = .critical
    service = try MQTTService(configuration, outbound: out, log: log)
  }

  init(_ server: MosquittoServer, _ change: (inout MQTTConfiguration) -> Void = { _ in }) throws {
    try self.init(port: server.port, change)
  }

  init(port: Int, _ change: (inout MQTTConfiguration) -> Void = { _ in }) throws {
    var configuration = MQTTConfiguration(
      endpoint: .tcp(host: "127.0.0.1", port: UInt16(port)), outboundClientID: "test-out")
    change(&configuration)
    try self.init(configuration)
  }

  func add(_ filters: [String], hold: Int = 16, onRecord: [String] = []) throws -> (InboundRecorder, MQTTInboundID) {
    let recorder = InboundRecorder()
    let inbound = MQTTInbound(
      clientID: "test-in", subscriptions: try filters.map { MQTTSubscription(try TopicFilter($0)) },
      filtersOnRecord: onRecord, holdMessages: hold)
    return (recorder, service.addInbound(inbound, handler: recorder))
  }

  /// Publishes texts at QoS 1 with tokens that count up, and awaits the answers.
  @discardableResult
  func publish(_ topic: String, _ texts: [String], tokensFrom first: UInt64 = 1) async throws -> [PublishResult] {
    let mark = out.results.count
    enqueue(topic, texts, tokensFrom: first)
    return try await out.results.first(texts.count, "answers", from: mark)
  }

  func enqueue(_ topic: String, _ texts: [String], tokensFrom first: UInt64 = 1) {
    service.publish(
      texts.enumerated().map { index, text in
        OutboundPublish(token: first + UInt64(index), topic: topic, payload: Array(text.utf8))
      }, from: out)
  }
}

func numbers(_ range: ClosedRange<Int>) -> [String] { range.map(String.init) }
