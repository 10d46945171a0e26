import DequeModule

/// The counters of Stream Management (XEP-0198): which of our stanzas the peer has, and which of the peer's we have.
///
/// Pure bookkeeping of one session, over all the TCP connections that it lives on. It neither reads nor decides when to
/// write: whoever owns it says what came and what goes, and gets bytes and sequences back.
///
/// Counts have 64 bits and never wrap. `h` on the wire is a count modulo 2^32 (XEP-0198 §3).
///
/// Two counts of the peer's stanzas differ on purpose. `received` says how many came, and numbers them; `handled` says
/// how many are in our custody, and is all that the peer is ever told. What lies between is simply sent again by the
/// peer when the connection is lost.
public struct StreamManagement: Sendable {
  /// How the peer is asked for confirmation.
  public let method: AcknowledgementMethod

  /// Our stanzas that the peer has not confirmed, in the order of the wire.
  private var queue: Deque<OutboundStanza>
  /// How many of our stanzas the peer has confirmed.
  public private(set) var acknowledged: UInt64
  /// How many of ours a request was sent behind.
  private var requested: UInt64
  /// Requests without an answer.
  private var openRequests = 0
  /// The id of the ping that waits for its answer, and the number of pings so far.
  private var openPing: String?
  private var pings: UInt64 = 0

  /// How many of the peer's stanzas came: the number of the last one.
  public private(set) var received: UInt64
  /// How many of the peer's stanzas are in our custody.
  public private(set) var handled: UInt64
  /// The last value of `handled` that the peer was told.
  private var announced: UInt64

  /// Fresh counters.
  public init(method: AcknowledgementMethod = .streamManagement) {
    self.init(method: method, inbound: 0, outbound: 0, unacknowledged: [])
  }

  /// The counters of a session that is to be resumed.
  public init(_ session: ResumableSession) {
    self.init(
      method: .streamManagement, inbound: session.inbound, outbound: session.outbound,
      unacknowledged: session.unacknowledged)
  }

  private init(
    method: AcknowledgementMethod, inbound: UInt64, outbound: UInt64, unacknowledged: [OutboundStanza]
  ) {
    self.method = method
    queue = Deque(unacknowledged)
    acknowledged = outbound
    requested = outbound
    received = inbound
    handled = inbound
    announced = inbound
  }

  /// The most stanzas that may wait for confirmation: with more, a count could not be told from one that went back.
  public static let queueLimit = (1 << 31) - 1

  // MARK: Our stanzas

  /// How many stanzas were sent, or are to be sent again.
  public var sent: UInt64 { acknowledged + UInt64(queue.count) }

  /// How many stanzas wait for confirmation.
  public var unacknowledgedCount: Int { queue.count }

  /// The stanzas that wait for confirmation, in their order. Copies them.
  public var unacknowledged: [OutboundStanza] {
    // An empty deque's copy writes to storage that all empty arrays share, which the thread sanitizer takes for a race.
    queue.isEmpty ? [] : Array(queue)
  }

  /// Takes a stanza that now goes to the socket, behind all others.
  public mutating func append(_ stanza: OutboundStanza) {
    queue.append(stanza)
  }

  /// Writes every unconfirmed stanza again, in the order they always had.
  public func writeUnacknowledged(into output: inout [UInt8]) {
    for stanza in queue { output.append(contentsOf: stanza.bytes) }
  }

  /// Whether stanzas were sent behind the last request, and that one has its answer: at most one is open at a time.
  public var isRequestDue: Bool { openRequests == 0 && sent != requested }

  /// Whether the peer owes an answer.
  public var isAnswerOpen: Bool { openRequests > 0 }

  /// Asks the peer to confirm all that was sent.
  public mutating func writeRequest(into output: inout [UInt8]) {
    switch method {
    case .streamManagement:
      output.append(contentsOf: "<r xmlns='urn:xmpp:sm:3'/>".utf8)
    case .ping(let sender, let server, let idPrefix):
      pings += 1
      let id = "\(idPrefix)-\(pings)"
      openPing = id
      output.append(contentsOf: Ping.request(id: id, to: server, from: sender))
    }
    openRequests += 1
    requested = sent
  }

  /// Takes the `h` of an `<a/>`, `<resumed/>` or `<failed/>`.
  ///
  /// - Returns: the sequence of the last stanza that it confirms, nil if it says nothing new.
  /// - Throws: if the peer cannot have handled that many; then nothing is confirmed.
  public mutating func acknowledge(h: UInt32) throws(StreamManagementError) -> UInt64? {
    let base = UInt32(truncatingIfNeeded: acknowledged)
    let step = h &- base
    guard step <= queue.count else {
      // RFC 1982: of two ways around the circle the shorter one tells which of two counts is the later.
      let total = UInt32(truncatingIfNeeded: sent)
      throw step > 1 << 31 ? .wentBack(h: h, acknowledged: base, sent: total) : .tooHigh(h: h, sent: total)
    }
    openRequests = max(0, openRequests - 1)
    return confirm(Int(step))
  }

  /// Whether a ping of this id waits for its answer.
  public func isOpen(ping id: String) -> Bool { id == openPing }

  /// Takes the answer to the open ping, be it result or error; its id and sender must have been checked.
  ///
  /// - Returns: the sequence of the last stanza that it confirms, nil if there was none before it.
  public mutating func acknowledgePing() -> UInt64? {
    openPing = nil
    openRequests = 0
    return confirm(Int(requested - acknowledged))
  }

  private mutating func confirm(_ count: Int) -> UInt64? {
    guard count > 0 else { return nil }
    let last = queue[count - 1].sequence
    queue.removeFirst(count)
    acknowledged += UInt64(count)
    // The peer may confirm unasked what no request covers yet.
    requested = max(requested, acknowledged)
    return last
  }

  // MARK: The peer's stanzas

  /// Counts a stanza of the peer's and returns its number.
  public mutating func receive() -> UInt64 {
    received += 1
    return received
  }

  /// Takes custody of all stanzas up to a number. The count never goes back.
  public mutating func handle(upTo number: UInt64) {
    handled = max(handled, min(number, received))
  }

  /// Whether there is more in our custody than the peer knows.
  public var isAcknowledgementDue: Bool { handled != announced }

  /// Tells the peer what is in our custody.
  public mutating func writeAcknowledgement(into output: inout [UInt8]) {
    output.append(contentsOf: "<a xmlns='urn:xmpp:sm:3' h='".utf8)
    Self.write(h, into: &output)
    output.append(contentsOf: "'/>".utf8)
    announced = handled
  }

  /// `handled` as it goes on the wire.
  public var h: UInt32 { UInt32(truncatingIfNeeded: handled) }

  // MARK: Connections

  /// `<enable/>` is being sent: from here on our stanzas count (XEP-0198 §3).
  public mutating func outboundEnabled() {
    queue.removeAll()
    acknowledged = 0
    requested = 0
    openRequests = 0
  }

  /// `<enabled/>` came: from here on the peer's stanzas count.
  public mutating func inboundEnabled() {
    received = 0
    handled = 0
    announced = 0
  }

  /// The connection is lost. Requests will not be answered, and the peer will send again what it was not told of.
  public mutating func suspended() {
    openRequests = 0
    openPing = nil
    requested = acknowledged
  }

  /// All stanzas of the peer's up to `inbound` are safe here whatever happens: what the next `<resume/>` says.
  ///
  /// To be called before each connection, with everything the journal holds on disk; otherwise the peer would send
  /// again what is already here.
  public mutating func resumable(inbound: UInt64) {
    handled = max(handled, inbound)
    received = handled
  }

  /// `<resume/>` is being sent with the present `h`.
  public mutating func resuming() {
    received = handled
    announced = handled
  }

  // MARK: Numbers on the wire

  /// Reads a count as strictly as XEP-0198 writes it: decimal digits only, no more than 32 bits.
  public static func count(_ text: String?) throws(StreamManagementError) -> UInt32 {
    guard let text, !text.isEmpty else { throw .malformed(h: text) }
    var value: UInt64 = 0
    for byte in text.utf8 {
      guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte else { throw .malformed(h: text) }
      value = value * 10 + UInt64(byte - UInt8(ascii: "0"))
      guard value <= UInt32.max else { throw .malformed(h: text) }
    }
    return UInt32(value)
  }

  private static func write(_ count: UInt32, into output: inout [UInt8]) {
    var divisor: UInt32 = 1
    while count / divisor >= 10 { divisor *= 10 }
    while divisor > 0 {
      output.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: count / divisor % 10))
      divisor /= 10
    }
  }
}
