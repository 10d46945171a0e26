import NIOCore
import NIOPosix
public import XMLStream

/// A scripted XMPP server: it counts exactly, offers what a test wants it to offer and misbehaves on demand.
///
/// Plain TCP, SASL PLAIN, domain `localhost`; any number of clients, but `send` and the faults concern the one that
/// became available last.
public final class FakeXMPPServer: Sendable {
  /// The port to connect to.
  public let port: Int
  /// What happened besides stanzas.
  public var events: Record<Event> { engine.events }
  /// Every stanza that a client sent, in order: with stream management each is counted once.
  public var stanzas: Record<XMLElement> { engine.stanzas }
  /// The messages with a body among them.
  public var messages: Record<ChatMessage> { engine.messages }
  private let engine: FakeXMPPEngine

  private init(engine: FakeXMPPEngine) {
    self.engine = engine
    port = engine.port
  }

  deinit {
    let engine = engine
    engine.loop.execute { engine.stop() }
  }

  /// Listens on a free port.
  public static func start(_ behaviour: Behaviour = Behaviour()) async throws -> FakeXMPPServer {
    let engine = FakeXMPPEngine(behaviour, loop: MultiThreadedEventLoopGroup.singleton.next())
    try await engine.listen()
    return FakeXMPPServer(engine: engine)
  }

  private func onLoop<T: Sendable>(_ body: @escaping @Sendable (FakeXMPPEngine) -> T) async throws -> T {
    try await engine.loop.submit { [engine] in body(engine) }.get()
  }

  // MARK: What it does

  /// Changes its behaviour from now on.
  public func change(_ change: @escaping @Sendable (inout Behaviour) -> Void) async throws {
    try await onLoop { change(&$0.behaviour) }
  }

  /// Sends a stanza to the client, now or when it becomes available: counted, and sent again after a resumption
  /// unless the client has acknowledged it.
  public func send(_ stanza: String) async throws { try await send(contentsOf: [stanza]) }

  /// Sends stanzas in order and at full speed, as `send` does.
  public func send(contentsOf stanzas: [String]) async throws {
    try await onLoop { $0.enqueue(stanzas) }
  }

  /// Sends chat messages to the client, as `send` does.
  public func send(bodies: [String], from: String = "alice@localhost/phone") async throws {
    let to = "bot@localhost"
    try await send(
      contentsOf: bodies.enumerated().map { index, body in
        "<message type='chat' from='\(from.xmlEscaped)' to='\(to)' id='f\(index)'><body>\(body.xmlEscaped)</body></message>"
      })
  }

  /// Writes bytes to the open connection as they are, uncounted: nonzas, forbidden XML, anything.
  public func sendRaw(_ text: String) async throws {
    try await onLoop { engine in
      engine.live?.write(text)
      engine.live?.flush()
    }
  }

  /// Ends the stream with an error, such as `conflict` or `system-shutdown`; the session cannot be resumed.
  public func streamError(_ condition: String) async throws {
    try await onLoop { $0.live?.fail(condition) }
  }

  // MARK: Faults

  /// Resets (RST) every connection; sessions stay resumable. Returns how many connections there were.
  @discardableResult
  public func cut() async throws -> Int { try await onLoop { $0.cut() } }

  /// Closes the connection after it has written so many more bytes.
  public func cut(afterWriting bytes: Int) async throws { try await onLoop { $0.writeLimit = bytes } }

  /// Resets the connection after it has read so many more bytes; what comes behind them is ignored.
  public func cut(afterReading bytes: Int) async throws { try await onLoop { $0.readLimit = bytes } }

  /// Reads nothing and writes nothing until `resume`.
  public func stall() async throws { try await onLoop { $0.stall() } }

  /// Goes on after `stall`.
  public func resume() async throws { try await onLoop { $0.resume() } }

  /// Forgets all sessions and resets all connections, as a server that restarts.
  public func forgetSessions() async throws { try await onLoop { $0.forgetSessions() } }

  /// Refuses TCP connections until `listen`.
  public func stopListening() async throws { try await engine.stopListening() }

  /// Accepts TCP connections again.
  public func listen() async throws { try await engine.listen() }

  // MARK: Counts

  /// How many stanzas the newest session has received, as it would acknowledge them.
  public func handledCount() async throws -> UInt32 { try await onLoop { $0.newest?.inbound ?? 0 } }

  /// How many stanzas the client has not acknowledged.
  public func unacknowledgedCount() async throws -> Int { try await onLoop { $0.newest?.unacknowledged.count ?? 0 } }

  /// How many stanzas wait for an available client.
  public func waitingCount() async throws -> Int { try await onLoop { $0.waiting.count } }
}
