public import Logging
public import MQTT
public import Platform
import Synchronization

/// The MQTT side of the bridge: all connections to one broker, and a thread that works on them.
///
/// There is one out connection, which publishes and has the will, and any number of in connections, each with a session
/// of its own at the broker. In connections acknowledge only what has been released. All calls may come from any thread,
/// do not wait, and take effect in their order. Handlers are called with batches, by the MQTT thread or by a thread that
/// publishes or releases while that one is idle.
///
/// An object that goes away without `stop` takes its connections down without a farewell.
public final class MQTTService: Sendable {
  /// What the service has done.
  public let counters: MQTTCounters
  private let mailbox: Mailbox
  private let turns: ServiceTurns
  private let lastInbound = Atomic<UInt32>(0)
  private let thread: NativeThread
  private let isStopped = Atomic<Bool>(false)

  /// Starts the threads and connects out.
  /// - Parameters:
  ///   - outbound: told about the out connection; held weakly.
  ///   - log: gets the life of the connections; no topics, payloads or secrets.
  /// - Throws: the system's error if a thread or a descriptor cannot be had.
  public init(
    _ configuration: MQTTConfiguration, outbound: (any MQTTConnectionHandler)? = nil, log: Logger
  ) throws(SystemError) {
    let mailbox = try Mailbox()
    let counters = MQTTCounters()
    let poller = try Poller()
    try poller.add(mailbox.wakeUp.descriptor, token: Mailbox.wakeUpToken, readable: true, writable: false)
    let connector = try Connector(configuration.endpoint) { mailbox.post(.connected($0)) }
    let context = LinkContext(configuration, poller: poller, connector: connector, counters: counters, log: log)
    let turns = ServiceTurns(ServiceLoop(context, mailbox, outbound: outbound), mailbox, poller)
    self.mailbox = mailbox
    self.turns = turns
    self.counters = counters
    do {
      thread = try NativeThread(name: "mqtt") {
        turns.run()
        connector.end()
      }
    } catch {
      connector.end()
      throw error
    }
  }

  deinit {
    guard !isStopped.load(ordering: .acquiring) else { return }
    mailbox.post(.abandon)
    thread.detach()
  }

  // MARK: In

  /// Opens an in connection. Its handler is held until the connection is removed or the service stopped.
  public func addInbound(_ inbound: MQTTInbound, handler: any MQTTInboundHandler) -> MQTTInboundID {
    let id = MQTTInboundID(number: lastInbound.wrappingAdd(1, ordering: .relaxed).newValue)
    mailbox.post(.addInbound(id, inbound, handler))
    return id
  }

  /// Subscribes to what is new in the list and unsubscribes what is not in it any more; the session stays.
  public func changeSubscriptions(_ id: MQTTInboundID, to subscriptions: [MQTTSubscription]) {
    mailbox.post(.changeSubscriptions(id, subscriptions))
  }

  /// Reads no more, acknowledges what is released within five seconds, and leaves.
  /// - Parameter endingSession: the broker shall forget the session and everything that waits in it.
  public func removeInbound(_ id: MQTTInboundID, endingSession: Bool) {
    mailbox.post(.removeInbound(id, endingSession: endingSession))
  }

  /// Everything up to `index` is safe. PUBACKs leave when everything that was read is.
  public func release(_ id: MQTTInboundID, upTo index: UInt64) {
    turns.take(.release(id, upTo: index))
  }

  /// Reads nothing more until everything that was read is safe and acknowledged.
  public func pause(_ id: MQTTInboundID) {
    mailbox.post(.pause(id))
  }

  /// Drops the connection without acknowledging anything, and stays away. The broker keeps the session.
  public func suspend(_ id: MQTTInboundID) {
    mailbox.post(.suspendInbound(id))
  }

  /// Comes back after `suspend`.
  public func resume(_ id: MQTTInboundID) {
    mailbox.post(.resumeInbound(id))
  }

  // MARK: Out

  /// Publishes in the given order. Each publish is answered exactly once; those of QoS 1 and 2 survive reconnects.
  /// - Parameter handler: gets the answers; held until all have come.
  public func publish(_ batch: [OutboundPublish], from handler: any MQTTOutboundHandler) {
    guard !batch.isEmpty else { return }
    turns.take(.publish(batch, handler))
  }

  /// Gives retained topics their values, which are published now and on every connect. Values that change faster than
  /// the broker takes them are not all sent; the last is. An empty value clears the topic and forgets it.
  /// - Parameter handler: gets an answer for each state that has a token.
  public func setRetained(_ states: [RetainedState], from handler: (any MQTTOutboundHandler)? = nil) {
    guard !states.isEmpty else { return }
    mailbox.post(.setRetained(states, handler))
  }

  // MARK: The end

  /// Leaves: publishes what waits, then the will's payload as a farewell, and awaits its PUBACK; acknowledges what has
  /// been released; sends DISCONNECT and ends the threads. In connections read nothing from the call on; what they have
  /// read and nobody released the broker delivers again to the next process.
  /// - Parameter limit: when it is over, connections are dropped instead, and the broker publishes the will.
  /// - Returns: whether everything was published and the broker has confirmed the farewell.
  @discardableResult
  public func stop(within limit: Duration = .seconds(5)) async -> Bool {
    guard !isStopped.exchange(true, ordering: .acquiringAndReleasing) else { return false }
    let confirmed = await withCheckedContinuation { continuation in
      mailbox.post(.stop(within: limit) { continuation.resume(returning: $0) })
    }
    thread.join()
    return confirmed
  }
}
