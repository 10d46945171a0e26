/// XMPP → MQTT with two messages: server, stream, bridge with journal, out connection, broker. Faults: one loss of either
/// connection, one death of the process or of the power; each at any point.
///
/// What is on the wire from server to bridge, and any acknowledgement on a wire, arrives in the step in which it is sent, as
/// in ``OutwardModel``. Publishes do not.
struct InwardModel: Explorable {
  /// What the journal says.
  struct Content: ModelContent {
    enum Change: Hashable {
      /// The next stanza of the stream is taken in: its row and its count.
      case row(Int)
      /// The broker has acknowledged the row at this place.
      case done(Int)
      /// A new stream: its counts begin at 0.
      case newStream
    }

    struct Row: Hashable {
      var message: Int
      var isDone = false
    }

    var rows: [Row] = []
    /// The first row of the present stream; nil: there is no stream.
    var stream: Int?

    /// How many stanzas of the stream were taken in.
    var count: Int { rows.count - (stream ?? 0) }

    func has(_ message: Int) -> Bool { rows.contains { $0.message == message } }

    mutating func apply(_ change: Change) {
      switch change {
      case .row(let message): rows.append(Row(message: message))
      case .done(let place): rows[place].isDone = true
      case .newStream: stream = rows.count
      }
    }
  }

  static let messages = 2
  let plant: PlantedBug?

  // The server: what the client has not confirmed, and how much of it was sent on this connection.
  var unconfirmed = Array(0..<messages)
  var delivered = 0
  /// What the client has confirmed of the present stream; nil: there is none.
  var confirmed: Int?

  // The bridge.
  var log = ModelLog(Content())
  var isStreamUp = false
  var isOutboundUp = false
  /// Places of rows that the broker was handed and has not acknowledged.
  var inFlight: [Int] = []
  /// The first place that was not looked at for a row to publish.
  var looked = 0
  /// What was found may be older than what was acknowledged.
  var isStale = false

  // The broker.
  var toBroker: [Int] = []
  var arrived = Arrivals(of: messages)
  /// How often more than once each may arrive.
  var allowance = [Int](repeating: 0, count: messages)

  // What has gone wrong, and what cannot be.
  var hasLostStream = false
  var hasLostOutbound = false
  var hasDied = false
  var contradiction: String?

  init(plant: PlantedBug? = nil) { self.plant = plant }

  // MARK: What must hold

  var fault: String? {
    if let contradiction { return contradiction }
    for message in 0..<Self.messages where !unconfirmed.contains(message) {
      if !arrived.contains(message), !log.flushed.has(message) {
        return "the server was told that \(message) is safe, which neither the broker nor the disk has"
      }
    }
    for message in 0..<Self.messages where arrived.counts[message] > 1 + allowance[message] {
      return "\(message) was published once too often"
    }
    return arrived.isOutOfOrder ? "1 came before 0" : nil
  }

  var unfinished: String? {
    unconfirmed.isEmpty && arrived.isComplete ? nil : "only \(arrived.counts) arrived"
  }

  // MARK: Who can do what

  func steps() -> [(what: String, next: InwardModel)] {
    var steps: [(what: String, next: InwardModel)] = []
    func step(_ what: String, _ change: (inout InwardModel) -> Void) {
      var next = self
      change(&next)
      steps.append((what, next))
    }
    if !log.isWritten { step("journal writes") { $0.log.write() } }
    if !log.isFlushed { step("journal syncs") { $0.log.sync() } }
    if isStreamUp {
      if delivered < unconfirmed.count { step("bridge receives") { $0.receive() } }
      if handled > confirmed ?? 0 { step("server hears \(handled)") { $0.confirm($0.handled) } }
      if !hasLostStream { step("stream is lost") { $0.loseStream() } }
    } else if log.isFlushed || plant == .resumesBeforeSync {
      step("stream comes up") { $0.connectStream() }
    }
    if isOutboundUp {
      if let place = departing { step("bridge publishes") { $0.publish(place) } }
      if !toBroker.isEmpty { step("broker takes a publish") { $0.take() } }
      if let place = inFlight.first(where: { !toBroker.contains($0) }) {
        step("bridge hears a PUBACK") { $0.hear(place) }
      }
      if !hasLostOutbound { step("out connection is lost") { $0.loseOutbound() } }
    } else {
      step("out connection comes up") { $0.connectOutbound() }
    }
    if !hasDied {
      step("bridge is killed") { $0.die(leaving: $0.log.afterKill, hasPower: true) }
      for left in log.afterPowerCut { step("power goes") { $0.die(leaving: left, hasPower: false) } }
    }
    return steps
  }

  // MARK: The server and the broker

  private mutating func confirm(_ count: Int) {
    guard let base = confirmed, count >= base, count - base <= unconfirmed.count else {
      contradiction = "the bridge confirms \(count), which cannot be"
      return
    }
    unconfirmed.removeFirst(count - base)
    delivered = max(0, delivered - (count - base))
    confirmed = count
  }

  private mutating func take() { arrived.add(log.whole.rows[toBroker.removeFirst()].message) }

  // MARK: The bridge

  private mutating func receive() {
    log.append(.row(unconfirmed[delivered]))
    delivered += 1
  }

  /// The `h` reached: everything up to it is written, and acknowledged by the broker or on disk.
  private var handled: Int {
    let (onDisk, written) =
      switch plant {
      case .skipsSync: (log.written, log.written)
      case .confirmsBeforeCommit: (log.whole, log.whole)
      default: (log.flushed, log.written)
      }
    guard let first = log.whole.stream else { return 0 }
    let count = log.whole.rows.indices.dropFirst(first).prefix {
      $0 < onDisk.rows.count || ($0 < written.rows.count && log.whole.rows[$0].isDone)
    }.count
    return plant == .countsOneTooMany ? min(count + 1, log.whole.count) : count
  }

  /// The next row that may be published.
  private var departing: Int? {
    let limit = plant == .confirmsBeforeCommit ? log.whole.rows.count : log.written.rows.count
    return (looked..<max(limit, looked)).first { !log.whole.rows[$0].isDone }
  }

  private mutating func publish(_ place: Int) {
    looked = place + 1
    inFlight.append(place)
    toBroker.append(place)
  }

  private mutating func hear(_ place: Int) {
    inFlight.removeAll { $0 == place }
    log.append(.done(place))
    // What a spool is trimmed of is gone.
    if plant == .trimsOneTooMany, let next = departing { log.append(.done(next)) }
  }

  // MARK: Connections

  private mutating func loseStream() {
    hasLostStream = true
    closeStream()
  }

  private mutating func closeStream() {
    isStreamUp = false
    delivered = 0
  }

  private mutating func connectStream() {
    isStreamUp = true
    if !isStale, confirmed != nil, log.whole.stream != nil {
      let count = log.whole.count
      confirm(plant == .resumesOneTooLow && count > confirmed ?? 0 ? count - 1 : count)
    } else {
      // What the server had sent and not seen confirmed comes again, as new stanzas.
      for message in unconfirmed where log.whole.has(message) || arrived.contains(message) {
        allowance[message] += 1
      }
      log.append(.newStream)
      isStale = false
      confirmed = 0
    }
  }

  private mutating func loseOutbound() {
    hasLostOutbound = true
    // What arrived and was not acknowledged is published again: at least once.
    for place in inFlight where !toBroker.contains(place) { allowance[log.whole.rows[place].message] += 1 }
    closeOutbound()
    if plant == .forgetsInFlight { inFlight = [] }
  }

  private mutating func closeOutbound() {
    isOutboundUp = false
    toBroker = []
  }

  private mutating func connectOutbound() {
    isOutboundUp = true
    toBroker = inFlight
  }

  // MARK: Death

  /// The process is gone, and its successor has what the log has.
  private mutating func die(leaving left: ModelLog<Content>, hasPower: Bool) {
    hasDied = true
    log = left
    closeStream()
    closeOutbound()
    // A publish whose PUBACK was not written goes out again.
    for row in log.whole.rows where !row.isDone && arrived.contains(row.message) { allowance[row.message] += 1 }
    inFlight = []
    looked = 0
    isStale = !hasPower && plant != .trustsOldState
  }
}
