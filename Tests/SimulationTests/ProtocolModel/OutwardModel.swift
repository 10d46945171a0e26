/// MQTT → XMPP with two messages: broker, in connection, bridge with journal, stream, server. Faults: one loss of the in
/// connection, one of the stream or of the server's memory, one death of the process or of the power; each at any point.
///
/// What is on the wire from broker to bridge, and any acknowledgement on a wire, makes no difference to anybody until it
/// arrives, and none at all when it is lost; so these arrive in the step in which they are sent. Stanzas do not: whether the
/// server has taken what was sent is what all this is about.
struct OutwardModel: Explorable {
  /// What the journal says.
  struct Content: ModelContent {
    enum Change: Hashable {
      /// A message is taken in, with what makes its redelivery recognisable, and with its number if the stream is up.
      case row(Int, isNumbered: Bool)
      /// Everything that waits has its number.
      case numbers
      /// The server has acknowledged so many stanzas of the stream.
      case done(Int)
      /// A new stream, by its session's number: what was not acknowledged waits again.
      case newStream(Int)
    }

    /// Messages that were ever taken in.
    var known: Set<Int> = []
    /// The session's number; nil: no stream.
    var session: Int?
    /// The messages of the stream's stanzas, in the order of their numbers.
    var stream: [Int] = []
    var acknowledged = 0
    /// Messages that wait for a number.
    var waiting: [Int] = []

    /// Messages that the server is not known to have.
    var open: [Int] { stream.dropFirst(acknowledged) + waiting }

    mutating func apply(_ change: Change) {
      switch change {
      case .row(let message, let isNumbered):
        known.insert(message)
        if isNumbered { stream.append(message) } else { waiting.append(message) }
      case .numbers: (stream, waiting) = (stream + waiting, [])
      case .done(let count): acknowledged = count
      case .newStream(let number): (session, stream, acknowledged, waiting) = (number, [], 0, open)
      }
    }
  }

  /// A session of the server's, by its number.
  struct Session: Hashable {
    var number: Int
    var handled = 0
  }

  static let messages = 2
  let plant: PlantedBug?

  // The broker: messages that it has not been told to forget, and how many of them it has delivered on this connection.
  var held = Array(0..<messages)
  var delivered = 0
  var isInboundUp = false

  // The bridge.
  var log = ModelLog(Content())
  /// Read on the present in connection and not released.
  var read: [Int] = []
  var isStreamUp = false
  /// How many of the stream's stanzas went to the socket.
  var sent = 0
  /// What was found may be older than what was acknowledged.
  var isStale = false
  /// Messages that the process has taken in itself.
  var own: Set<Int> = []

  // The server.
  var session: Session?
  /// How far the sessions came that are gone.
  var forgotten: [Session] = []
  var toServer: [Int] = []
  var taken = Arrivals(of: messages)

  // What has gone wrong, and what cannot be.
  var hasLostInbound = false
  var hasLostStream = false
  var hasDied = false
  var hasLostPower = false
  var contradiction: String?

  init(plant: PlantedBug? = nil) { self.plant = plant }

  // MARK: What must hold

  var fault: String? {
    if let contradiction { return contradiction }
    for message in 0..<Self.messages where !held.contains(message) {
      if !taken.contains(message), !log.flushed.known.contains(message) {
        return "the broker was told that \(message) is safe, which neither the server nor the disk has"
      }
    }
    for message in 0..<Self.messages where taken.counts[message] > (hasLostPower ? 2 : 1) {
      return "\(message) was sent twice"
    }
    return taken.isOutOfOrder ? "1 came before 0" : nil
  }

  var unfinished: String? {
    held.isEmpty && taken.isComplete ? nil : "only \(taken.counts) arrived"
  }

  // MARK: Who can do what

  func steps() -> [(what: String, next: OutwardModel)] {
    var steps: [(what: String, next: OutwardModel)] = []
    func step(_ what: String, _ change: (inout OutwardModel) -> Void) {
      var next = self
      change(&next)
      steps.append((what, next))
    }
    if !log.isWritten { step("journal writes") { $0.log.write() } }
    if !log.isFlushed { step("journal syncs") { $0.log.sync() } }
    if isInboundUp {
      if delivered < held.count { step("bridge reads") { $0.takeIn() } }
      if mayRelease { step("bridge releases \(read)") { $0.release() } }
      if !hasLostInbound { step("in connection is lost") { $0.loseInbound() } }
    } else {
      step("in connection comes up") { $0.isInboundUp = true }
    }
    if isStreamUp {
      if sent < departable { step("bridge sends") { $0.send() } }
      if !toServer.isEmpty { step("server takes a stanza") { $0.take() } }
      for count in log.whole.acknowledged..<max(session?.handled ?? 0, log.whole.acknowledged) {
        step("bridge hears \(count + 1)") { $0.acknowledge(count + 1) }
      }
      if !hasLostStream {
        step("stream is cut") { $0.loseStream() }
        step("server forgets") { $0.forget() }
      }
    } else if log.isFlushed {
      step("stream comes up") { $0.connectStream() }
    }
    if !hasDied {
      step("bridge is killed") { $0.die(leaving: $0.log.afterKill, hasPower: true) }
      for left in log.afterPowerCut { step("power goes") { $0.die(leaving: left, hasPower: false) } }
    }
    return steps
  }

  // MARK: The bridge

  private mutating func takeIn() {
    let message = held[delivered]
    delivered += 1
    read.append(message)
    let known = plant == .forgetsRedeliveryKeys ? own : log.whole.known
    guard !known.contains(message) else { return }
    if plant == .forgetsRedeliveryKeys { own.insert(message) }
    log.append(.row(message, isNumbered: isStreamUp))
  }

  /// PUBACKs leave only when everything that was read is safe.
  private var mayRelease: Bool {
    guard !read.isEmpty else { return false }
    if plant == .acknowledgesAtOnce { return true }
    let onDisk =
      switch plant {
      case .skipsSync: log.written.known
      case .confirmsBeforeCommit: log.whole.known
      default: log.flushed.known
      }
    return read.allSatisfy { !log.whole.open.contains($0) || onDisk.contains($0) }
  }

  private mutating func release() {
    held.removeAll(where: read.contains)
    delivered = 0
    read = []
  }

  /// How many stanzas of the stream may be at the socket: those whose numbers are written.
  private var departable: Int {
    let content = plant == .confirmsBeforeCommit ? log.whole : log.written
    return content.session == session?.number ? content.stream.count : 0
  }

  private mutating func send() {
    toServer.append(log.whole.stream[sent])
    sent += 1
  }

  private mutating func acknowledge(_ count: Int) {
    guard count >= log.whole.acknowledged, count <= log.whole.stream.count else {
      contradiction = "the server has \(count) of \(log.whole.stream.count) stanzas, which cannot be"
      return
    }
    if count > log.whole.acknowledged { log.append(.done(count)) }
  }

  // MARK: The server

  private mutating func take() {
    taken.add(toServer.removeFirst())
    session?.handled += 1
  }

  /// It restarts: it still knows how far the session came.
  private mutating func forget() {
    if let session { forgotten.append(session) }
    session = nil
    loseStream()
  }

  // MARK: Connections

  private mutating func loseInbound() {
    hasLostInbound = true
    closeInbound()
  }

  private mutating func closeInbound() {
    isInboundUp = false
    delivered = 0
    read = []
  }

  private mutating func loseStream() {
    hasLostStream = true
    closeStream()
  }

  private mutating func closeStream() {
    isStreamUp = false
    toServer = []
  }

  private mutating func connectStream() {
    isStreamUp = true
    let stream = isStale ? nil : log.whole.session
    if let session, stream == session.number {
      acknowledge(session.handled)
      let again = log.whole.stream.dropFirst(log.whole.acknowledged)
      toServer = Array(again.dropFirst(plant == .dropsResend ? 1 : 0))
      sent = log.whole.stream.count
    } else {
      let told = forgotten.first { $0.number == stream }
      if let told, plant != .forgetsFailedCount { acknowledge(told.handled) }
      if let session { forgotten.append(session) }
      let new = Session(number: forgotten.count)
      session = new
      isStale = false
      sent = 0
      log.append(.newStream(new.number))
    }
    if !log.whole.waiting.isEmpty { log.append(.numbers) }
  }

  // MARK: Death

  /// The process is gone, and its successor has what the log has.
  private mutating func die(leaving left: ModelLog<Content>, hasPower: Bool) {
    hasDied = true
    hasLostPower = !hasPower
    log = left
    closeInbound()
    closeStream()
    own = []
    sent = 0
    isStale = !hasPower && plant != .trustsOldState
  }
}
