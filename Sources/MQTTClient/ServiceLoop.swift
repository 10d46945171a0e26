import Logging
import MQTT
import Platform

/// All connections of a service, and what is done with them in a turn: heeds sockets, orders and times, lets each
/// connection do what it can, hands out answers. Used by one thread at a time; see ``ServiceTurns``.
final class ServiceLoop {
  /// Somebody who publishes, as long as answers are owed.
  private struct Publisher {
    var handler: any MQTTOutboundHandler
    var owed: Int
  }

  private struct Stop {
    var deadline: Duration
    var done: @Sendable (Bool) -> Void
  }

  private let context: LinkContext
  private let mailbox: Mailbox
  private let outbound: OutboundLink
  private var inbound: [UInt32: InboundLink] = [:]
  /// In connections that something happened to, or that have more to read: the others are not looked at, for there may be
  /// thousands.
  private var due: Set<UInt32> = []
  private var deadlines = DeadlineQueue()
  private var publishers: [Int: Publisher] = [:]
  private var publisherNumbers: [ObjectIdentifier: Int] = [:]
  private var lastPublisher = 0
  private var stop: Stop?
  private var isAbandoned = false

  /// How long a connection that is removed waits for releases.
  static let removalTimeout: Duration = .seconds(5)

  init(_ context: LinkContext, _ mailbox: Mailbox, outbound observer: (any MQTTConnectionHandler)?) {
    self.context = context
    self.mailbox = mailbox
    outbound = OutboundLink(context, observer: observer)
  }

  /// Connects out.
  func begin() { outbound.open() }

  /// Does everything that these events and the orders that wait make possible.
  func turn(_ events: [Poller.Event]) {
    context.now = Clocks.monotonic()
    for event in events where event.token != Mailbox.wakeUpToken { link(of: event)?.ready(event) }
    for command in mailbox.drain() { perform(command) }
    outbound.advance()
    advanceInbound()
    answer()
  }

  /// Takes a step of leaving, if that is wanted; true when there is nothing more to be done, ever.
  func isOver() -> Bool {
    if isAbandoned { return true }
    guard let stop, goOnStopping(until: stop.deadline) else { return false }
    stop.done(outbound.hasConfirmedFarewell)
    return true
  }

  /// Whether it has been told to end, which takes steps of its own.
  var isEnding: Bool { isAbandoned || stop != nil }

  /// When the next turn is due although nothing has happened; zero: at once; nil: never.
  var deadline: Duration? {
    if outbound.hasMoreToRead || !due.isEmpty { return .zero }
    return [deadlines.first, outbound.deadline, stop?.deadline].lazy.compactMap { $0 }.min()
  }

  private func link(of event: Poller.Event) -> Link? {
    let number = UInt32(truncatingIfNeeded: event.token >> 32)
    return number == outbound.number ? outbound : inbound(number)
  }

  /// An in connection to which something happens.
  private func inbound(_ number: UInt32) -> InboundLink? {
    guard let link = inbound[number] else { return nil }
    due.insert(number)
    return link
  }

  /// Lets every in connection do what it can that has something to do.
  private func advanceInbound() {
    while let number = deadlines.popDue(now: context.now) { due.insert(number) }
    guard !due.isEmpty else { return }
    let numbers = due
    due.removeAll(keepingCapacity: true)
    for number in numbers {
      guard let link = inbound[number] else { continue }
      link.advance()
      if link.hasMoreToRead { due.insert(number) }
      let isClosed = link.phase == .closed
      deadlines.set(number, isClosed ? nil : link.deadline)
      if isClosed { inbound[number] = nil }
    }
  }

  // MARK: Orders

  private func perform(_ command: Command) {
    switch command {
    case .addInbound(let id, let settings, let handler):
      guard stop == nil else { return }
      let link = InboundLink(context, number: id.number, settings, handler: handler)
      inbound[id.number] = link
      inbound(id.number)?.open()
    case .changeSubscriptions(let id, let subscriptions): inbound(id.number)?.change(to: subscriptions)
    case .removeInbound(let id, let endingSession):
      inbound(id.number)?.leave(within: Self.removalTimeout, endingSession: endingSession)
    case .suspendInbound(let id): inbound(id.number)?.suspend()
    case .resumeInbound(let id): if stop == nil { inbound(id.number)?.open() }
    case .release(let id, let index): inbound(id.number)?.release(upTo: index)
    case .pause(let id): inbound(id.number)?.pause()
    case .publish(let batch, let handler):
      let publisher = number(of: handler, owing: batch.count)
      for publish in batch { outbound.window.append(publish, publisher: publisher) }
    case .setRetained(let states, let handler):
      let owed = states.count { $0.token != nil }
      let publisher = owed > 0 ? handler.map { number(of: $0, owing: owed) } : nil
      for state in states { outbound.window.set(state, publisher: publisher) }
    case .connected(let outcome):
      let link: Link? = outcome.link == outbound.number ? outbound : inbound(outcome.link)
      link?.connected(outcome)
    case .stop(let limit, let done):
      stop = Stop(deadline: context.now + limit, done: done)
      outbound.leave(within: limit)
      for link in inbound.values { link.drain() }
      due.formUnion(inbound.keys)
    case .abandon: isAbandoned = true
    }
  }

  // MARK: Answers

  private func number(of handler: any MQTTOutboundHandler, owing count: Int) -> Int {
    let identity = ObjectIdentifier(handler)
    if let known = publisherNumbers[identity] {
      publishers[known]?.owed += count
      return known
    }
    lastPublisher += 1
    publisherNumbers[identity] = lastPublisher
    publishers[lastPublisher] = Publisher(handler: handler, owed: count)
    return lastPublisher
  }

  private func answer() {
    let answers = outbound.window.takeAnswers()
    context.counters.set(
      dropped: outbound.window.droppedCount, waiting: outbound.window.inFlightCount + outbound.window.queuedCount)
    guard !answers.isEmpty else { return }
    var grouped: [Int: [PublishResult]] = [:]
    for (publisher, result) in answers {
      if publisher == OutboundLink.farewellPublisher {
        outbound.answered(result)
      } else {
        grouped[publisher, default: []].append(result)
      }
    }
    for (number, results) in grouped {
      guard let publisher = publishers[number] else { continue }
      publisher.handler.published(results)
      if publisher.owed > results.count {
        publishers[number]?.owed -= results.count
      } else {
        publishers[number] = nil
        publisherNumbers[ObjectIdentifier(publisher.handler)] = nil
      }
    }
  }

  // MARK: The end

  /// Takes the next step of leaving; true when all connections are closed.
  private func goOnStopping(until deadline: Duration) -> Bool {
    guard outbound.phase == .closed else {
      // The farewell was confirmed in this round: the DISCONNECT behind it need not wait for an event.
      if outbound.mayLeave { outbound.advance() }
      return outbound.phase == .closed ? goOnStopping(until: deadline) : false
    }
    for link in inbound.values {
      // What is not safe by now is for the broker to deliver again.
      link.leave(within: link.isUnsafe ? .zero : deadline - context.now, endingSession: false)
      link.advance()
    }
    return inbound.values.allSatisfy { $0.phase == .closed }
  }
}
