import Logging
import MQTT
import Platform

/// One connection to the broker over its many lives: connects, waits, connects again, and moves packets while it is up.
/// What to move and when is for the subclasses to say; all their answers are asked for in `pump`.
class Link {
  enum Phase: Equatable {
    /// Nothing is wanted.
    case idle
    /// The next attempt is due then.
    case waiting(until: Duration)
    /// The connector is at it.
    case connecting
    /// CONNECT is out, or about to be; CONNACK is awaited.
    case opening(until: Duration)
    case up
    /// DISCONNECT is sent as soon as everything owed has been, or the connection is dropped then.
    case leaving(until: Duration)
    /// Done for ever.
    case closed
  }

  let context: LinkContext
  let number: UInt32
  let clientID: String
  private(set) var phase = Phase.idle
  private(set) var handle: MosquittoHandle?

  private var generation: UInt32 = 0
  private var backoff = ReconnectBackoff()
  /// Bytes may wait: the socket said so, and no read has come back empty since.
  private var isReadable = false
  private var watched = (readable: false, writable: false)
  /// From how many bytes on the socket says that there are any, and when to look without its word.
  private var gathered = 1
  private var gathersUntil: Duration?
  private var nextKeepAlive: Duration = .zero
  /// How often libmosquitto, which counts whole seconds, is asked whether it is time for a PINGREQ.
  private var keepAliveInterval: Duration = .seconds(1)
  private var endsSession = false
  private var hasSentDisconnect = false
  /// It is down, or was until now, since its owner wanted it: nobody needs to be told that by the log.
  private var isSuspended = false

  /// So many packets are read in one round before the other connections get their turn.
  static let readBatch = 512
  /// For so long bytes may wait for more of them.
  private static let gathering = Duration.milliseconds(1)

  init(_ context: LinkContext, number: UInt32, clientID: String) {
    self.context = context
    self.number = number
    self.clientID = clientID
  }

  // MARK: For subclasses

  /// What a new handle is made with.
  func options(_ version: MQTTVersion) -> MosquittoHandle.Options {
    MosquittoHandle.Options(clientID: clientID, cleanStart: true, version: version)
  }
  /// Whether more may be read. Asked while the connection is up or leaving.
  var mayRead: Bool { true }
  /// Whether what is queued may be written. Asked while the connection is up or leaving.
  var mayWrite: Bool { true }
  /// Everything owed before a DISCONNECT is done.
  var mayLeave: Bool { true }
  /// When to be asked again although nothing happens.
  var ownDeadline: Duration? { nil }
  /// The broker accepted.
  func opened(_ acceptance: MosquittoHandle.Acceptance) {}
  /// The handle's callbacks have collected something.
  func collected() {}
  /// Queues what there is to send; returns why the connection is gone, nil if it is not.
  func fill() -> MQTTDisconnectReason? { nil }
  /// Whether several packets may wait to be written.
  var hasBulk: Bool { false }
  /// Nothing waits to be written.
  func drained() {}
  /// How many bytes are worth reading: fewer are left waiting for a millisecond.
  var worthReading: Int { 1 }
  /// A part of the Keep Alive has passed, and a PINGREQ may wait to be written.
  func keepAliveDue() {}
  /// The end of a round: hand over what came.
  func deliver() {}
  /// The connection is gone, or did not come about.
  func ended(_ reason: MQTTDisconnectReason, wasUp: Bool, retryIn: Duration?) {}

  // MARK: Orders

  /// Connects as soon as possible.
  func open() {
    guard phase == .idle else { return }
    phase = .waiting(until: context.now)
  }

  /// Drops the connection at once and stays away.
  func suspend() {
    switch phase {
    case .idle, .leaving, .closed: break
    case .waiting, .connecting, .opening, .up: end(.suspended, then: .idle)
    }
  }

  /// Leaves in good order if there is a connection.
  func leave(within limit: Duration, endingSession: Bool = false) {
    switch phase {
    case .up:
      endsSession = endingSession
      phase = .leaving(until: context.now + limit)
    case .leaving, .closed: break
    case .idle, .waiting, .connecting, .opening: end(.left, then: .closed)
    }
  }

  // MARK: Events

  /// The token of the present handle's descriptor.
  private var token: UInt64 { UInt64(number) << 32 | UInt64(generation) }

  /// The descriptor is ready for something.
  func ready(_ event: Poller.Event) {
    guard event.token == token, handle != nil else { return }
    if event.isReadable || event.isFailed { isReadable = true }
    // A connection that is read to the end tells why it ended; one that may not be read now has nothing more to say.
    if event.isFailed, !reading { end(.closedByPeer) }
  }

  /// The connector is done with a handle.
  func connected(_ outcome: Connector.Outcome) {
    guard phase == .connecting, outcome.generation == generation else { return }
    handle = outcome.handle
    if let failure = outcome.failure { return end(failure) }
    do {
      try context.poller.add(outcome.handle.socket, token: token, readable: true, writable: false)
    } catch {
      return end(.system(error.description))
    }
    watched = (true, false)
    gathered = 1
    gathersUntil = nil
    // The first read drives a TLS handshake, whose answer may be here already.
    isReadable = true
    nextKeepAlive = context.now
    keepAliveInterval = .seconds(1)
    phase = .opening(until: context.now + context.configuration.handshakeTimeout)
  }

  /// When `advance` has something to do although nothing happened.
  var deadline: Duration? {
    switch phase {
    case .idle, .connecting, .closed: nil
    case .waiting(let until): until
    case .opening(let until), .leaving(let until):
      min(until, nextKeepAlive, ownDeadline ?? until, gathersUntil ?? until)
    case .up: min(nextKeepAlive, ownDeadline ?? nextKeepAlive, gathersUntil ?? nextKeepAlive)
    }
  }

  /// Whether `advance` should be called again at once.
  var hasMoreToRead: Bool { handle != nil && isReadable && reading }

  /// Does what is due and what is possible.
  func advance() {
    switch phase {
    case .waiting(let until) where until <= context.now: connect()
    case .opening(let until) where until <= context.now: end(.noAnswer)
    case .leaving(let until) where until <= context.now: end(.left, then: .closed)
    default: break
    }
    guard let handle else { return }
    if nextKeepAlive <= context.now {
      // Multiples of the interval, so that the connections of a quiet service wake it together.
      let passed = Int64(context.now / keepAliveInterval)
      nextKeepAlive = keepAliveInterval * (passed + 1)
      if let failure = handle.keepAlive() { return end(failure) }
      if isUp { keepAliveDue() }
    }
    if let end = gathersUntil, end <= context.now { isReadable = true }
    pump(handle)
  }

  // MARK: Inside

  private var isUp: Bool {
    switch phase {
    case .up, .leaving: true
    default: false
    }
  }

  private var reading: Bool { isUp ? mayRead : true }
  private var writing: Bool { isUp ? mayWrite : true }

  private func connect() {
    generation &+= 1
    phase = .connecting
    do throws(MQTTDisconnectReason) {
      let handle = try MosquittoHandle(context.configuration, options(context.fallback.version))
      context.connector.submit(
        Connector.Job(link: number, generation: generation, handle: handle, submitted: context.now))
    } catch {
      end(error)
    }
  }

  /// Reads, queues and writes until nothing more is possible now.
  private func pump(_ handle: MosquittoHandle) {
    var budget = Self.readBatch
    var isAnswered = true
    repeat {
      while isReadable, reading, budget > 0 {
        budget -= 1
        gathersUntil = nil
        isAnswered = false
        let before = handle.news
        let failure = handle.read()
        if handle.news != before { take(handle) }
        if let failure { return end(failure) }
        guard self.handle === handle else { return }
        if handle.news == before, !handle.hasBufferedInput { isReadable = false }
      }
      if isUp, let failure = fill() { return end(failure) }
      if case .leaving = phase, mayLeave, !hasSentDisconnect {
        hasSentDisconnect = true
        handle.disconnect(endingSession: endsSession)
      }
      if writing, handle.wantsWrite {
        isAnswered = true
        if let failure = handle.write(inBulk: hasBulk) { return end(hasSentDisconnect ? .left : failure) }
      }
      if isUp, mayWrite, !handle.wantsWrite { drained() }
    } while isReadable && reading && budget > 0
    deliver()
    // What is written carries TCP's acknowledgement. A broker with Nagle's algorithm, as Mosquitto is, sends its second small
    // packet only when it has that of the first: without this it would wait for 40 ms.
    if !isAnswered { handle.acknowledgeBytes() }
    gather(handle)
    watch(handle)
  }

  /// Has the kernel wake us for as many bytes as are worth it.
  private func gather(_ handle: MosquittoHandle) {
    let wanted = isUp ? worthReading : 1
    if wanted != gathered {
      handle.setLowWaterMark(wanted)
      gathered = wanted
    }
    if wanted == 1 {
      gathersUntil = nil
    } else if gathersUntil == nil {
      gathersUntil = context.now + Self.gathering
    }
  }

  /// The Keep Alive in force: the broker's word counts.
  func keepalive(in acceptance: MosquittoHandle.Acceptance) -> Duration {
    acceptance.serverKeepAlive.map { .seconds(Int($0)) } ?? context.configuration.keepalive
  }

  /// Looks at what the callbacks collected.
  private func take(_ handle: MosquittoHandle) {
    if case .opening = phase, let acceptance = handle.acceptance, !acceptance.code.isError {
      phase = .up
      handle.opened()
      keepAliveInterval = max(.seconds(1), keepalive(in: acceptance) / 10)
      backoff.connected(now: context.now)
      context.fallback.accepted(handle.version)
      context.counters.countAccepted()
      context.log.log(
        level: isSuspended ? .debug : .info, "connected to the broker",
        metadata: [
          "client": "\(clientID)", "version": "\(handle.version)", "session": "\(acceptance.sessionPresent)",
        ])
      isSuspended = false
      opened(acceptance)
    }
    collected()
  }

  private func watch(_ handle: MosquittoHandle) {
    let wanted = (readable: reading, writable: writing && handle.wantsWrite)
    guard wanted != watched else { return }
    do {
      try context.poller.modify(handle.socket, token: token, readable: wanted.readable, writable: wanted.writable)
      watched = wanted
    } catch {
      end(.system(error.description))
    }
  }

  /// The connection is over: tells why, and decides what comes next.
  private func end(_ reason: MQTTDisconnectReason, then next: Phase? = nil) {
    let wasUp = isUp
    if wasUp { context.fallback.lost() }
    let wasOpening = if case .opening = phase { true } else { false }
    var retryIn: Duration?
    if let next {
      phase = next
    } else if case .leaving = phase {
      phase = .closed
    } else {
      let delay = retryDelay(reason, wasOpening: wasOpening)
      retryIn = delay
      phase = .waiting(until: context.now + delay)
    }
    if wasUp { deliver() }
    handle = nil
    isReadable = false
    hasSentDisconnect = false
    var metadata: Logger.Metadata = ["client": "\(clientID)", "reason": "\(reason)"]
    if let retryIn { metadata["retry"] = "\(retryIn)" }
    if reason == .suspended { isSuspended = true }
    context.log.log(
      level: isSuspended ? .debug : wasUp ? .notice : .info, "not connected to the broker", metadata: metadata)
    ended(reason, wasUp: wasUp, retryIn: retryIn)
  }

  private func retryDelay(_ reason: MQTTDisconnectReason, wasOpening: Bool) -> Duration {
    let random = Double.random(in: 0..<1)
    if let version = handle?.version, wasOpening {
      switch reason {
      case .refused(.unsupportedProtocolVersion):
        if context.fallback.refused(version) { return .zero }
      case .closedByPeer, .protocolViolation: context.fallback.closedSilently(version)
      default: break
      }
    }
    return backoff.delay(now: context.now, loginRefused: reason.isLoginRefusal, random: random)
  }
}
