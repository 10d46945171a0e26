import TestSupport
import XMLStream

@testable import Bridge

/// An XMPP server with one account, its contacts, Stream Management (XEP-0198), and a store for what comes while nobody is
/// there.
final class ModelServer {
  struct Behaviour {
    /// What becomes of a stream that is resumed after the connection before it was cut in the middle of a stanza.
    enum HalfStanza {
      /// Nothing.
      case isForgotten
      /// All that follows is taken for a part of it (Prosody 0.12).
      case swallows
      /// The server complains and gives the session up (Prosody 0.12).
      case isComplainedOf
    }

    /// Whether sessions can be resumed.
    var resumes: Bool
    /// Whether `<failed/>` tells how far a session came that is gone.
    var remembersCount: Bool
    /// For how long a session waits for its resumption.
    var timeout: Duration
    /// What an answer to `<r/>` takes.
    var answer: Pace
    /// Behind so many stanzas the client is asked for its count; 0: never.
    var asksEvery: Int
    var halfStanza: HalfStanza
    /// Whether the account has an archive.
    var hasArchive: Bool
    /// Whether a server with an archive also stores what comes while nobody is there.
    var storesOffline: Bool
    /// Messages a page of the archive.
    var pageSize: Int
    /// For how long after a restart the archive has nothing to tell, and says only that this is not all.
    var archiveDelay: Duration

    init(_ random: inout SeededGenerator) {
      resumes = random.chance(92)
      remembersCount = random.chance(60)
      timeout = .seconds([5, 60, 600][random.below(3)])
      answer = Pace(usual: [0, 5_000, 1_500_000][random.below(3)])
      asksEvery = random.below(3)
      halfStanza = [.isForgotten, .isForgotten, .swallows, .isComplainedOf][random.below(4)]
      hasArchive = random.chance(50)
      storesOffline = random.chance(50)
      pageSize = [1, 3, 100][random.below(3)]
      archiveDelay = [.zero, .zero, .seconds(3)][random.below(3)]
    }
  }

  /// A session with Stream Management. All counts are modulo 2^32.
  final class Session {
    struct Sent {
      var text: String
      /// The message's name; nil for what is none.
      var name: String?
      /// Whether it was ever written to a connection.
      var isWritten = false
    }

    let id: String
    /// The bridge's process that began it.
    let process: Int?
    /// How many of the client's stanzas were handled.
    var handled: UInt32 = 0
    /// How many of ours the client has confirmed.
    var confirmed: UInt32 = 0
    /// Those after them.
    var unconfirmed: [Sent] = []
    /// The client has sent presence: it gets messages.
    var isAvailable = false
    /// A half stanza of the client's has made it useless.
    var isDeaf = false
    /// The connection it lives on, if there is one.
    var stream: ServerStream?

    init(id: String, process: Int?) {
      self.id = id
      self.process = process
    }
  }

  private unowned let world: World
  private(set) var session: Session?
  /// Messages that wait for a session, with their senders.
  private var store: [(name: String, from: String)] = []
  /// Names of the stanzas of each session there ever was.
  private var names: [String: [String?]] = [:]
  private var senders: [String: String] = [:]
  private(set) lazy var archive = ModelArchive(pageSize: behaviour.pageSize)
  /// The archive's id of each contact's message.
  private var archiveIDs: [String: String] = [:]
  private(set) var archiveReadyAt = Duration.zero
  /// Messages that are in the archive only.
  private(set) var archivedOnly: Set<String> = []
  /// The bridge, as far as it remembers, has been there before: what it misses it will look up.
  private var hasBeenThere = false
  /// How far the sessions came that are gone.
  private var forgotten: [String: UInt32] = [:]
  private var sessions = 0
  private var isDown = false
  var behaviour: Behaviour { world.scenario.server }

  init(world: World) { self.world = world }

  // MARK: Connections

  /// A connection of the client's; nil if it is refused.
  func accept() -> Wire<[UInt8]>? {
    guard !isDown, world.canConnect else { return nil }
    let wire = Wire<[UInt8]>(world: world, pace: world.scenario.network) { [unowned world] bytes in
      bytes.count > 1 ? Array(bytes.prefix(1 + world.below(bytes.count - 1))) : nil
    }
    let stream = ServerStream(wire, world: world)
    wire.peer.received = { stream.received($0) }
    wire.peer.closed = { [unowned self] in lost(stream, mayBeHalf: true) }
    return wire
  }

  /// The connection of a stream is gone. Its session waits for a while.
  func lost(_ stream: ServerStream, mayBeHalf: Bool) {
    stream.close()
    guard let session, session.stream === stream else { return }
    session.stream = nil
    guard behaviour.resumes else { return end(session, "cannot wait") }
    world.note("server: session \(session.id) waits")
    if mayBeHalf, behaviour.halfStanza != .isForgotten, stream.isWithinStanza { session.isDeaf = true }
    world.at(world.now + behaviour.timeout) { [unowned self] in
      if self.session === session, session.stream == nil { end(session, "has waited too long") }
    }
  }

  /// Behind a silence the connection is taken for dead.
  func noticesSilence() {
    guard let stream = session?.stream else { return }
    world.at(world.now + .seconds(20 + world.below(60))) { [unowned self] in
      if session?.stream === stream { lost(stream, mayBeHalf: false) }
    }
  }

  // MARK: Sessions

  /// A new session for a client without one.
  func begin(on stream: ServerStream) -> Session {
    sessions += 1
    let new = Session(id: "s\(sessions)", process: world.process?.number)
    names[new.id] = []
    new.stream = stream
    session = new
    return new
  }

  /// A client binds a resource; the session before ends.
  /// - Parameters:
  ///   - process: the client's.
  ///   - wasTold: the client has asked for the old session, and heard how far it came.
  ///   - stream: the client's.
  func bind(by process: BridgeProcess?, on stream: ServerStream, wasTold: Bool) {
    bound = stream
    if let session {
      let isForeign = process?.isStale == true && session.process != process?.number
      if !session.isDeaf, !isForeign, recordedStream == session.id {
        world.complain("the bridge has given up session \(session.id), which lives")
      }
      end(session, "is replaced")
    }
    if !wasTold { world.truth.beginsUninformed(world) }
  }

  /// The last stream that has bound the resource: one before it, whose client is gone, has it no more.
  private(set) weak var bound: ServerStream?

  /// The stream that the bridge's state file says it has.
  private var recordedStream: String? {
    guard let bytes = world.journal.content.values["home/session"] else { return nil }
    return (try? SessionRecord(bytes))?.stream?.id
  }

  /// A client asks for a session.
  /// - Returns: the session, or how far it came if it is gone and that is remembered.
  func resume(_ id: String, on stream: ServerStream) -> (session: Session?, count: UInt32?) {
    guard let session, session.id == id else { return (nil, forgotten[id]) }
    if let old = session.stream { lost(old, mayBeHalf: true) }
    session.stream = stream
    return (session, nil)
  }

  /// The session is over; what the client has not confirmed waits for the next one.
  func end(_ session: Session, _ reason: String) {
    guard self.session === session else { return }
    world.note("server: session \(session.id) \(reason)")
    self.session = nil
    session.stream?.close()
    session.stream = nil
    if behaviour.remembersCount { forgotten[session.id] = session.handled }
    world.truth.sessionLost(unconfirmed: session.unconfirmed.filter(\.isWritten).compactMap(\.name), world)
    let waiting = store
    store = []
    for name in session.unconfirmed.compactMap(\.name) { keep(name, from: senders[name] ?? "") }
    store += waiting
  }

  /// A message waits for the next session; or the archive has it, and a bridge that has been told of the archive will look.
  private func keep(_ name: String, from: String) {
    if behaviour.hasArchive, !behaviour.storesOffline, hasBeenThere, world.journal.isArchiveKnown {
      archivedOnly.insert(name)
    } else {
      store.append((name, from))
    }
  }

  // MARK: Stanzas

  /// A contact sends a message.
  func send(_ name: String, from: String) {
    senders[name] = from
    if behaviour.hasArchive {
      archiveIDs[name] = archive.add(Self.message(name, from: from), time: world.wallClock)
    }
    guard let session, session.isAvailable else { return keep(name, from: from) }
    write(Self.message(name, from: from, extra: stanzaID(of: name)), name: name, to: session)
    session.stream?.flush()
  }

  /// The server says something that nobody will miss.
  func say(_ text: String) {
    guard let session else { return }
    write(text, name: nil, to: session)
    session.stream?.flush()
  }

  /// The client is there: it gets what waits.
  func becameAvailable(_ session: Session) {
    session.isAvailable = true
    hasBeenThere = true
    let waiting = store
    store = []
    for (name, from) in waiting {
      let delay = "<delay xmlns='urn:xmpp:delay' stamp='2026-11-22T08:00:00Z'/>"
      write(Self.message(name, from: from, extra: delay + stanzaID(of: name)), name: name, to: session)
    }
  }

  func write(_ text: String, name: String?, to session: Session) {
    session.unconfirmed.append(.init(text: text, name: name, isWritten: session.stream != nil))
    let count = (names[session.id]?.count ?? 0) + 1
    names[session.id]?.append(name)
    session.stream?.write(text)
    if behaviour.asksEvery > 0, count % behaviour.asksEvery == 0 { session.stream?.write("<r xmlns='urn:xmpp:sm:3'/>") }
  }

  /// The client has sent a message.
  func took(_ message: XMLElement, name: String) {
    world.truth.taken(name, world)
    guard behaviour.hasArchive else { return }
    let (to, id) = (message.attribute("to") ?? "", message.attribute("id") ?? "")
    _ = archive.add(
      "<message xmlns='jabber:client' from='bot@example.org/b' to='\(to)' type='chat' id='\(id)'><body>\(name)</body>"
        + "<origin-id xmlns='urn:xmpp:sid:0' id='\(id)'/></message>", time: world.wallClock)
  }

  private static func message(_ name: String, from: String, extra: String = "") -> String {
    "<message xmlns='jabber:client' from='\(from)/phone' to='bot@example.org' type='chat' id='\(name)'>"
      + "<body>\(name)</body>\(extra)</message>"
  }

  private func stanzaID(of name: String) -> String {
    archiveIDs[name].map { "<stanza-id xmlns='urn:xmpp:sid:0' by='bot@example.org' id='\($0)'/>" } ?? ""
  }

  // MARK: Faults

  /// The server goes down and comes back without its sessions.
  func restart(for duration: Duration) {
    isDown = true
    world.at(world.now + duration) { [unowned self] in
      if isDown { archiveReadyAt = world.now + behaviour.archiveDelay }
      isDown = false
    }
    guard let session else { return }
    let wire = session.stream?.wire
    end(session, "is forgotten")
    wire?.cut()
  }

  /// The server closes the stream, and keeps the session.
  func closeStream() {
    guard let session, let stream = session.stream else { return }
    stream.write("</stream:stream>")
    stream.flush()
    lost(stream, mayBeHalf: false)
  }

  /// Another client takes the resource.
  func replaceSession() {
    guard let session, let stream = session.stream else { return }
    stream.write(ServerStream.error("conflict"))
    stream.flush()
    end(session, "is taken over")
  }

  /// The bridge has lost its memory, or some of it.
  func wasForgotten() { hasBeenThere = false }

  func isArchived(_ name: String) -> Bool { archiveIDs[name] != nil }

  /// Nothing keeps anything alive any more.
  func dismantle() { session?.stream = nil }

  // MARK: The witness's view

  var isAtRest: Bool {
    guard let session, session.stream?.wire.carries == true else { return false }
    return session.unconfirmed.isEmpty && store.isEmpty
  }

  /// Which message a stanza of a session was, counted from 1.
  func name(ofStanza number: UInt64, in id: String) -> String? {
    guard let names = names[id], number <= names.count else { return nil }
    return names[Int(number) - 1]
  }
}
