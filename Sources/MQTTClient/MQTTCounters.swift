import Synchronization

/// What a service has done since it was made. The MQTT thread counts; anybody may read.
public final class MQTTCounters: Sendable {
  private let receivedMessages = Atomic<Int>(0)
  private let publishedMessages = Atomic<Int>(0)
  private let droppedMessages = Atomic<Int>(0)
  private let waitingMessages = Atomic<Int>(0)
  private let connects = Atomic<Int>(0)

  init() {}

  func count(received: Int) { receivedMessages.wrappingAdd(received, ordering: .relaxed) }

  func countPublished() { publishedMessages.wrappingAdd(1, ordering: .relaxed) }

  func countAccepted() { connects.wrappingAdd(1, ordering: .relaxed) }

  func set(dropped: Int, waiting: Int) {
    droppedMessages.store(dropped, ordering: .relaxed)
    waitingMessages.store(waiting, ordering: .relaxed)
  }

  /// Messages that in connections have read.
  public var received: Int { receivedMessages.load(ordering: .relaxed) }
  /// Publishes handed to the out connection, repetitions included.
  public var published: Int { publishedMessages.load(ordering: .relaxed) }
  /// QoS 0 publishes dropped for want of a connection.
  public var dropped: Int { droppedMessages.load(ordering: .relaxed) }
  /// Publishes that wait to be sent or to be confirmed now.
  public var waiting: Int { waitingMessages.load(ordering: .relaxed) }
  /// Connections that the broker has accepted, of all kinds.
  public var accepted: Int { connects.load(ordering: .relaxed) }
}
