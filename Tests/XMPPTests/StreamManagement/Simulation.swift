import TestSupport
import Testing
import XMLStream
import XMPP

/// A session, its owner, its journal and a server, with links that are cut between any two bytes and a process that dies
/// between any two steps.
struct Simulation {
  /// What befalls them besides cuts.
  struct Faults {
    /// The client's process dies and comes back with its journal.
    var crashes = false
    /// The server forgets the session; it tells its count afterwards, or does not.
    var restarts = false
    var remembersCount = true
  }

  /// What the owner has on disk.
  struct Journal {
    /// The session to resume, without its rows.
    var record: ResumableSession?
    /// Messages with a number in that session, and those that wait for one.
    var numbered: [OutboundStanza] = []
    var unnumbered: [OutboundStanza] = []
    /// Ids of the server's messages, in order of arrival.
    var arrived: [Int] = []
  }

  private var random: SeededGenerator
  private let faults: Faults
  private(set) var session: ClientSession
  private(set) var journal = Journal()
  let server: ModelServer
  private var now: Duration = .seconds(1)
  private var isConnected = false
  private var connections = 0

  /// Bytes on their way to the server.
  private var wire: [UInt8] = []
  /// Stanzas that the owner has seen and not journaled, by their numbers.
  private var memory: [(number: UInt64, id: Int)] = []
  private var lastNumber: UInt64 = 0

  /// Ids of all messages that the client and the server were given to send.
  private(set) var sent: UInt64 = 0
  private(set) var pushed = 0
  private(set) var complaint: String?
  /// How often the session was resumed, and how many stanzas went out again for it.
  private(set) var resumptions = 0
  private(set) var repetitions = 0

  /// - Parameter base: where the counts of an existing session stand, or nil to begin without one.
  init(seed: UInt64, base: UInt64?, faults: Faults) throws {
    random = SeededGenerator(seed: seed)
    self.faults = faults
    server = ModelServer(base: base.map { UInt32(truncatingIfNeeded: $0) })
    if let base {
      journal.record = ResumableSession(
        jid: try JID("bot@example.org/x"), id: "sm0", inbound: base, outbound: base, unacknowledged: [])
    }
    session = try Self.session(journal)
  }

  private static func session(_ journal: Journal) throws -> ClientSession {
    var record = journal.record
    record?.unacknowledged = journal.numbered
    return try Conversation(resuming: record).session
  }

  private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

  // MARK: Running

  mutating func run(steps: Int) throws {
    for _ in 0..<steps {
      now += .milliseconds(Int.random(in: 0...400, using: &random))
      switch Int.random(in: 0..<100, using: &random) {
      case 0..<14: write(Int.random(in: 1...4, using: &random))
      case 14..<30: flush()
      case 30..<40: journalSome(all: chance(50))
      case 40..<60: carry(Int.random(in: 1...200, using: &random))
      case 60..<82: hear()
      case 82..<88:
        pushed += 1
        server.send(pushed)
      case 88..<91: server.ask()
      case 91..<93: server.acknowledge()
      case 93..<96: cut()
      case 96 where faults.crashes: try crash()
      case 97 where faults.restarts: restartServer()
      default: session.timeout(now: now)
      }
      carryOut()
      if !isConnected, chance(60) { connect() }
      if complaint != nil || server.complaint != nil { return }
    }
    settle()
  }

  /// No more faults: everything comes to rest.
  private mutating func settle() {
    var (rounds, quietRounds) = (0, 0)
    while quietRounds < 3, rounds < 200 {
      rounds += 1
      let isQuiet =
        session.isEstablished && wire.isEmpty && server.outgoing.isEmpty && memory.isEmpty && journal.unnumbered.isEmpty
      quietRounds = isQuiet ? quietRounds + 1 : 0
      if !isConnected { connect() }
      carryOut()
      carry(.max)
      while isConnected, !server.outgoing.isEmpty { hear() }
      journalSome(all: true)
      writeUnnumbered()
      flush()
      carryOut()
      if complaint != nil || server.complaint != nil { return }
    }
  }

  // MARK: The owner

  private mutating func write(_ count: Int) {
    for _ in 0..<count {
      sent += 1
      journal.unnumbered.append(Conversation.stanza(sent))
    }
    writeUnnumbered()
  }

  /// Durable first, then to the session.
  private mutating func writeUnnumbered() {
    guard session.isEstablished, !journal.unnumbered.isEmpty else { return }
    let stanzas = journal.unnumbered
    journal.numbered += stanzas
    journal.unnumbered = []
    session.send(stanzas, now: now)
    carryOut()
  }

  private mutating func flush() {
    session.flush(now: now)
    carryOut()
  }

  private mutating func journalSome(all: Bool) {
    guard !memory.isEmpty else { return }
    let count = all ? memory.count : Int.random(in: 1...memory.count, using: &random)
    journal.arrived += memory.prefix(count).map(\.id)
    let number = memory[count - 1].number
    memory.removeFirst(count)
    journal.record?.inbound = number
    session.handled(upTo: number)
  }

  // MARK: The world

  private mutating func connect() {
    // Journaled or not, what was seen and not acknowledged must neither be lost nor come twice.
    if chance(50) { journalSome(all: true) }
    memory = []
    if let inbound = journal.record?.inbound {
      session.resumable(inbound: inbound)
      lastNumber = inbound
    }
    isConnected = true
    connections += 1
    server.accept()
    wire = []
    session.connected(now: now, nonce: "n\(connections)")
    carryOut()
    // Most logins are quick; the others are cut as often as anything else.
    guard chance(70) else { return }
    for _ in 0..<6 where !session.isEstablished {
      carry(.max)
      while !session.isEstablished, !server.outgoing.isEmpty { hear() }
    }
  }

  private mutating func cut() {
    guard isConnected else { return }
    // Some of what is on the wire still arrives.
    carry(Int.random(in: 0...400, using: &random))
    disconnect()
    session.disconnected(now: now)
    carryOut()
  }

  private mutating func disconnect() {
    isConnected = false
    wire = []
    server.cut()
  }

  private mutating func crash() throws {
    carry(Int.random(in: 0...400, using: &random))
    disconnect()
    memory = []
    session = try Self.session(journal)
  }

  private mutating func restartServer() {
    carry(Int.random(in: 0...400, using: &random))
    disconnect()
    server.restart(remembersCount: faults.remembersCount)
    session.disconnected(now: now)
    carryOut()
  }

  private mutating func carry(_ count: Int) {
    guard isConnected else { return }
    let some = wire.prefix(count)
    wire.removeFirst(some.count)
    server.receive(some)
  }

  private mutating func hear() {
    guard isConnected, !server.outgoing.isEmpty else { return }
    session.received(server.outgoing.removeFirst(), now: now)
    carryOut()
  }

  private mutating func complain(_ text: String) { if complaint == nil { complaint = text } }

  private mutating func carryOut() {
    while let action = session.nextAction() {
      switch action {
      case .write(let bytes): if isConnected { wire += bytes }
      case .resetParser: break
      case .close: disconnect()
      case .established(.resumed):
        if journal.record == nil { complain("resumed without a record") }
        resumptions += 1
        repetitions += session.resumable?.unacknowledged.count ?? 0
      case .established(.new(let info)):
        journal.record = ResumableSession(
          jid: info.jid, id: info.id ?? "", inbound: 0, outbound: 0, unacknowledged: [])
        lastNumber = 0
        writeUnnumbered()
      case .stanza(let stanza, let number):
        if number != lastNumber + 1 { complain("stanza \(number) after \(lastNumber)") }
        lastNumber = number
        memory.append((number, stanza.attribute("id").flatMap(Int.init) ?? -1))
      case .acknowledged(let sequence):
        // Rows may be trimmed late.
        guard chance(70) else { break }
        let count = journal.numbered.prefix { $0.sequence <= sequence }.count
        journal.numbered.removeFirst(count)
        journal.record?.outbound += UInt64(count)
      case .lost(let stanzas):
        let unknown = stanzas.filter { !journal.numbered.contains($0) }
        if !unknown.isEmpty { complain("lost what was not sent: \(unknown.map(\.sequence))") }
        journal.unnumbered = stanzas + journal.unnumbered
        journal.numbered = []
        journal.record = nil
        memory = []
      case .ended(let end):
        switch end {
        case .ioLost, .timeout: break
        default: complain("ended: \(end)")
        }
      case .startTLS, .deriveKeys: complain("unexpected action")
      }
    }
  }
}
