import MQTT
import MQTTClient
import Platform
import TestSupport

/// Takes down what an in connection does, and releases at once if told to.
final class InboundRecorder: MQTTInboundHandler {
  enum Event: Sendable, Equatable {
    case connected(MQTTConnected)
    case disconnected(MQTTDisconnectReason)
    case received(InboundPublish)
    case subscribed([String], refused: [String: ReasonCode])
  }

  let events = Record<Event>("in connection")
  private let target = Lock<(service: MQTTService, id: MQTTInboundID)?>(nil)

  /// From now on, and for what has been read already, everything is safe as soon as it is read.
  func releaseEverything(_ service: MQTTService, _ id: MQTTInboundID) {
    target.withLock { $0 = (service, id) }
    if let last = messages.last { service.release(id, upTo: last.index) }
  }

  func connected(_ connection: MQTTConnected) { events.append(.connected(connection)) }

  func disconnected(_ reason: MQTTDisconnectReason, retryIn: Duration?) { events.append(.disconnected(reason)) }

  func received(_ batch: [InboundPublish]) {
    events.append(contentsOf: batch.map { .received($0) })
    guard let last = batch.last else { return }
    target.withLock { $0?.service.release($0!.id, upTo: last.index) }
  }

  func subscribed(_ filters: [String], refused: [String: ReasonCode]) {
    events.append(.subscribed(filters, refused: refused))
  }

  /// All messages so far.
  var messages: [InboundPublish] { events.all.compactMap(\.message) }

  /// Awaits that the subscriptions stand.
  func subscribed(from mark: Int = 0) async throws -> [String] {
    let event = try await events.first("a SUBACK", from: mark) { if case .subscribed = $0 { true } else { false } }
    guard case .subscribed(let filters, _) = event else { return [] }
    return filters
  }

  /// Awaits an accepted connection.
  func connected(from mark: Int = 0) async throws -> MQTTConnected {
    let event = try await events.first("a connection", from: mark) { if case .connected = $0 { true } else { false } }
    guard case .connected(let connection) = event else { throw TestFailure("no connection") }
    return connection
  }

  /// Awaits the end of a connection or of an attempt.
  func disconnected(from mark: Int = 0) async throws -> MQTTDisconnectReason {
    let event = try await events.first("a disconnect", from: mark) {
      if case .disconnected = $0 { true } else { false }
    }
    guard case .disconnected(let reason) = event else { throw TestFailure("no disconnect") }
    return reason
  }

  /// Awaits so many messages.
  func received(_ count: Int, from mark: Int = 0) async throws -> [InboundPublish] {
    try await events.first(count, "messages", from: mark) { $0.message != nil }.compactMap(\.message)
  }
}

extension InboundRecorder.Event {
  var message: InboundPublish? { if case .received(let message) = self { message } else { nil } }
}

extension InboundPublish {
  var text: String { String(decoding: payload, as: UTF8.self) }
}

/// Takes down the life of the out connection and the answers to publishes.
final class OutboundRecorder: MQTTConnectionHandler, MQTTOutboundHandler {
  enum Event: Sendable, Equatable {
    case connected(MQTTConnected)
    case disconnected(MQTTDisconnectReason)
  }

  let events = Record<Event>("out connection")
  let results = Record<PublishResult>("answers")

  func connected(_ connection: MQTTConnected) { events.append(.connected(connection)) }

  func disconnected(_ reason: MQTTDisconnectReason, retryIn: Duration?) { events.append(.disconnected(reason)) }

  func published(_ batch: [PublishResult]) { results.append(contentsOf: batch) }

  func connected(from mark: Int = 0) async throws -> MQTTConnected {
    let event = try await events.first("a connection", from: mark) { if case .connected = $0 { true } else { false } }
    guard case .connected(let connection) = event else { throw TestFailure("no connection") }
    return connection
  }

  func disconnected(from mark: Int = 0) async throws -> MQTTDisconnectReason {
    let event = try await events.first("a disconnect", from: mark) {
      if case .disconnected = $0 { true } else { false }
    }
    guard case .disconnected(let reason) = event else { throw TestFailure("no disconnect") }
    return reason
  }
}
