import XMLStream

@testable import XMPP

/// Runs a `ClientSession` on a wire, as `XMPPConnection` does on a socket.
final class StreamShell {
  private unowned let world: World
  private unowned let process: BridgeProcess
  private(set) var session: ClientSession
  private(set) var wire: Wire<[UInt8]>?
  private var parser = XMLStreamParser()
  private var needsNewParser = false
  private var isConnecting = false
  private var attempt = 0
  private var output: [UInt8] = []
  private var isTurning = false
  private var timerDeadline: Duration?
  /// What a planted bug leaves out of the next write.
  private var omits: [UInt8]?

  init(world: World, process: BridgeProcess, resuming resumed: ResumableSession?) {
    self.world = world
    self.process = process
    session = ClientSession(configuration: BridgeProcess.session, resuming: resumed, cachedKeys: nil)
  }

  var isActive: Bool { isConnecting || wire != nil }

  func die(hasPower: Bool) {
    guard let wire else { return }
    if hasPower { wire.close(by: wire.bridge) } else { wire.stall() }
    self.wire = nil
  }

  // MARK: What the owner says

  func connect(inbound: UInt64) {
    guard process.mayAct("connect with h \(inbound)") else { return }
    isConnecting = true
    attempt += 1
    session.resumable(inbound: inbound)
    let attempt = attempt
    world.after(world.scenario.network) { [self] in if attempt == self.attempt { attempted() } }
  }

  private func attempted() {
    guard process.isAlive, isConnecting else { return }
    guard let wire = world.server.accept() else { return endAttempt(.unreachable("refused")) }
    isConnecting = false
    self.wire = wire
    parser = XMLStreamParser()
    needsNewParser = false
    wire.bridge.received = { [unowned self, unowned wire] in if wire === self.wire { received($0) } }
    wire.bridge.closed = { [unowned self, unowned wire] in if wire === self.wire { closed() } }
    session.connected(now: world.now, nonce: "n\(process.number)-\(attempt)")
    runTurn()
  }

  private func endAttempt(_ end: ConnectionEnd) {
    isConnecting = false
    attempt += 1
    process.ended(end)
    process.endTurn()
  }

  func send(_ stanzas: [OutboundStanza]) { session.send(stanzas, now: world.now) }

  func handled(upTo count: UInt64) { session.handled(upTo: count) }

  func park() {
    session.park(now: world.now)
    runTurn()
    if isConnecting { endAttempt(.session(.parked)) }
  }

  func endTurn() {
    if !isTurning { runTurn() }
  }

  // MARK: What the wire says

  private func received(_ bytes: [UInt8]) {
    guard process.isAlive else { return }
    session.heard(now: world.now)
    var rest = bytes[...]
    while !rest.isEmpty, wire != nil, process.isAlive {
      do {
        let count = try parser.feed(rest) { event in
          self.session.received(self.altered(event), now: self.world.now)
          self.carryOut()
          return self.wire == nil || !self.process.isAlive || self.needsNewParser ? .halt : .proceed
        }
        rest = rest.dropFirst(count)
      } catch {
        world.complain("the bridge cannot read what the server sends: \(error)")
        return
      }
      if needsNewParser {
        needsNewParser = false
        parser = XMLStreamParser()
      }
    }
    runTurn()
  }

  private func closed() {
    guard process.isAlive else { return }
    wire = nil
    session.disconnected(now: world.now)
    runTurn()
  }

  /// What a planted bug makes of what the server says.
  private func altered(_ event: XMLStreamEvent) -> XMLStreamEvent {
    guard case .element(let element) = event else { return event }
    switch world.plant {
    case .forgetsFailedCount where element.name == "failed": return Self.event("<failed xmlns='urn:xmpp:sm:3'/>")
    case .overlooksArchive where element.forwardedSender.map(Scenario.contacts.contains) == true,
      .sendsWithoutLooking where element.forwardedSender == BridgeProcess.session.jid.bare.description:
      return Self.event("<message/>")
    default: return event
    }
  }

  private static func event(_ xml: String) -> XMLStreamEvent {
    guard let element = try? XMLElement(parsing: xml) else { preconditionFailure("\(xml) is no XML") }
    return .element(element)
  }

  // MARK: Turns

  private func runTurn() {
    guard process.isAlive, !isTurning else { return }
    isTurning = true
    carryOut()
    process.endTurn()
    guard process.isAlive else { return }
    session.flush(now: world.now)
    carryOut()
    isTurning = false
    flush()
    schedule()
  }

  private func carryOut() {
    while process.isAlive, let action = session.nextAction() {
      switch action {
      case .write(let bytes): output += bytes
      case .resetParser: needsNewParser = true
      case .close: close()
      case .ended:
        flush()
        close()
        process.received(action)
      case .established(.resumed):
        if world.plant == .dropsResend { omits = session.management.unacknowledged.first?.bytes }
        process.received(action)
      case .established, .stanza, .acknowledged, .lost: process.received(action)
      case .startTLS, .deriveKeys: world.complain("the session wants \(action)")
      }
    }
  }

  private func close() {
    flush()
    guard let wire else { return }
    self.wire = nil
    wire.close(by: wire.bridge)
  }

  private func flush() {
    if let left = omits, !output.isEmpty {
      omits = nil
      output = output.starts(with: left) ? Array(output.dropFirst(left.count)) : output
    }
    guard !output.isEmpty else { return }
    let bytes = output
    output = []
    guard let wire, process.mayAct("write \(String(decoding: bytes, as: UTF8.self))") else { return }
    wire.send(bytes, to: wire.peer)
  }

  private func schedule() {
    let deadline = session.deadline
    guard deadline != timerDeadline else { return }
    // A deadline that moved away is looked at when the timer fires: most deadlines move with every byte.
    if let old = timerDeadline, let deadline, deadline > old { return }
    timerDeadline = deadline
    guard let deadline else { return }
    world.at(deadline) { [self] in
      guard process.isAlive, timerDeadline == deadline else { return }
      timerDeadline = nil
      session.timeout(now: world.now)
      runTurn()
    }
  }
}

extension XMLElement {
  /// The bare JID of whoever wrote the message that a page of the archive tells.
  fileprivate var forwardedSender: String? {
    let message = child("result", in: "urn:xmpp:mam:2")?.child("forwarded", in: "urn:xmpp:forward:0")?
      .child("message", in: "jabber:client")
    return message?.attribute("from").map { String($0.prefix { $0 != "/" }) }
  }
}
