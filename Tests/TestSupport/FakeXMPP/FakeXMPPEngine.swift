import NIOCore
import NIOPosix
import XMLStream

/// The inside of `FakeXMPPServer`: sessions and what waits for them. Everything here happens on `loop`.
final class FakeXMPPEngine: @unchecked Sendable {
  /// A session: what of a stream outlives its connection.
  final class Session {
    let id: String
    let user: String
    let jid: String
    var resumable: Bool
    /// Stanzas received from the client since `<enable/>`.
    var inbound: UInt32 = 0
    /// Stanzas that the client has acknowledged.
    var acknowledged: UInt32 = 0
    /// Stanzas sent behind those.
    var unacknowledged: [String] = []
    weak var connection: FakeXMPPConnection?

    init(id: String, user: String, jid: String, resumable: Bool, connection: FakeXMPPConnection) {
      self.id = id
      self.user = user
      self.jid = jid
      self.resumable = resumable
      self.connection = connection
    }

    /// Applies the client's count; false if it is one that cannot be.
    func acknowledge(_ h: UInt32) -> Bool {
      let count = Int(h &- acknowledged)
      guard count <= unacknowledged.count else { return false }
      unacknowledged.removeFirst(count)
      acknowledged = h
      return true
    }
  }

  let loop: any EventLoop
  let port = Loopback.freePort()
  let events = Record<FakeXMPPServer.Event>("events of the fake XMPP server")
  let stanzas = Record<XMLElement>("stanzas to the fake XMPP server")
  let messages = Record<ChatMessage>("messages to the fake XMPP server")

  var behaviour: FakeXMPPServer.Behaviour
  var writeLimit: Int?
  var readLimit: Int?
  private(set) var isStalled = false
  /// Stanzas for the client that were never written.
  private(set) var waiting: [String] = []
  /// The session that began or resumed last.
  private(set) var newest: Session?
  private var sessions: [String: Session] = [:]
  private var connections: [Int: FakeXMPPConnection] = [:]
  private var listener: (any Channel)?
  private var serial = 0
  private var accepted = 0
  private var isPumping = false

  init(_ behaviour: FakeXMPPServer.Behaviour, loop: any EventLoop) {
    self.behaviour = behaviour
    self.loop = loop
  }

  /// A number never used before.
  func next() -> Int {
    serial += 1
    return serial
  }

  // MARK: Connections

  func listen() async throws {
    let channel = try await ServerBootstrap(group: loop)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          self.accepted += 1
          let connection = FakeXMPPConnection(id: self.accepted, channel: channel, engine: self)
          self.connections[connection.id] = connection
          try connection.begin()
        }
      }
      .bind(host: "127.0.0.1", port: port).get()
    try await loop.submit { self.listener = channel }.get()
  }

  func stopListening() async throws {
    let listener = try await loop.submit { self.listener }.get()
    try await listener?.close().get()
  }

  func stop() {
    listener?.close(promise: nil)
    _ = cut()
  }

  /// The connection that became available last, else any.
  var live: FakeXMPPConnection? { newest?.connection ?? connections.values.first }

  func cut() -> Int {
    let open = Array(connections.values)
    for connection in open { connection.reset() }
    return open.count
  }

  func stall() {
    isStalled = true
    for connection in connections.values { connection.setReading(false) }
  }

  func resume() {
    isStalled = false
    for connection in connections.values {
      connection.setReading(true)
      connection.flush()
    }
    pump()
  }

  func gone(_ connection: FakeXMPPConnection) {
    guard connections.removeValue(forKey: connection.id) != nil else { return }
    events.append(.disconnected(connection.id))
    if let session = connection.session {
      session.connection = nil
      if !session.resumable { end(session) }
    }
  }

  // MARK: Sessions

  func beginSession(user: String, jid: String, connection: FakeXMPPConnection) -> Session {
    // A new session of the same account ends those that were waiting to be resumed.
    for session in sessions.values where session.user == user && session.connection == nil { end(session) }
    let session = Session(
      id: "session-\(next())", user: user, jid: jid, resumable: false, connection: connection)
    sessions[session.id] = session
    newest = session
    return session
  }

  func session(_ id: String, user: String?) -> Session? {
    sessions[id].flatMap { $0.user == user ? $0 : nil }
  }

  func take(_ session: Session, by connection: FakeXMPPConnection) {
    session.connection?.session = nil
    session.connection?.reset()
    session.connection = connection
    newest = session
  }

  /// The session is over; what the client did not acknowledge goes to the next one.
  func end(_ session: Session) {
    guard sessions.removeValue(forKey: session.id) != nil else { return }
    if behaviour.keepsOffline { waiting.insert(contentsOf: session.unacknowledged, at: 0) }
    session.unacknowledged = []
    if newest === session { newest = nil }
  }

  func forgetSessions() {
    for connection in Array(connections.values) { connection.reset() }
    for session in Array(sessions.values) { end(session) }
  }

  // MARK: Sending

  func enqueue(_ stanzas: [String]) {
    waiting += stanzas
    pump()
  }

  /// Writes what waits, as long as the socket takes it.
  func pump() {
    guard !isPumping, !isStalled, let connection = newest?.connection, connection.isAvailable else { return }
    isPumping = true
    defer { isPumping = false }
    var hasSent = false
    while !waiting.isEmpty, connection.isOpen, connection.channel.isWritable {
      let batch = Array(waiting.prefix(100))
      waiting.removeFirst(batch.count)
      connection.send(contentsOf: batch)
      hasSent = true
    }
    if hasSent, behaviour.requestEvery != nil { connection.requestAcknowledgement() }
    connection.flush()
  }
}
