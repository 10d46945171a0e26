import NIOCore
import NIOPosix

/// A TCP proxy on loopback that makes the network's faults: it passes bytes on until a test tells it otherwise.
public final class TCPProxy: Sendable {
  /// What it does with the bytes of all its connections.
  public enum Mode: Sendable, Equatable {
    /// Pass everything on at once.
    case pass
    /// Read nothing, write nothing, close nothing: a dead network, or a peer that hangs.
    case stall
    /// Accept connections and reset them at once.
    case refuse
  }

  /// Which way bytes go.
  public enum Direction: String, Sendable, CaseIterable {
    /// From the client (the bridge) to the server.
    case toServer
    /// From the server to the client.
    case toClient
  }

  /// What happened to its connections.
  public enum Event: Sendable, Equatable {
    /// A client connected; the number counts from 1.
    case connected(Int)
    /// The connection is gone, whoever ended it.
    case disconnected(Int)
    /// The byte count of `cut(after:)` or `stall(after:)`, or the end that `cut(behind:)` names, was reached.
    case reachedLimit(Int)
  }

  /// The port to connect to.
  public let port: Int
  /// What happened, in order.
  public let events: Record<Event>
  private let engine: ProxyEngine
  private let listener: any Channel

  private init(port: Int, engine: ProxyEngine, listener: any Channel) {
    self.port = port
    self.engine = engine
    self.listener = listener
    events = engine.events
  }

  deinit {
    listener.close(promise: nil)
    let engine = engine
    engine.loop.execute { engine.resetAll() }
  }

  /// Listens on a free port and passes every connection on to `target`.
  public static func start(to target: Int) async throws -> TCPProxy {
    let port = Loopback.freePort()
    let engine = ProxyEngine(target: target, loop: MultiThreadedEventLoopGroup.singleton.next())
    // All channels share one event loop, so that the engine needs no lock.
    let listener = try await ServerBootstrap(group: engine.loop)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.autoRead, value: false)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try engine.accepted(channel) }
      }
      .bind(host: "127.0.0.1", port: port).get()
    return TCPProxy(port: port, engine: engine, listener: listener)
  }

  /// How many connections it has accepted so far.
  public var connectionCount: Int {
    events.all.count { event in
      if case .connected = event { true } else { false }
    }
  }

  /// How many bytes have gone that way so far.
  public func bytes(_ direction: Direction) async throws -> Int {
    try await engine.loop.submit { [engine] in engine.passed[direction, default: 0] }.get()
  }

  /// Changes what happens to bytes from now on, on open connections and new ones.
  public func set(_ mode: Mode) async throws {
    try await engine.loop.submit { [engine] in engine.set(mode) }.get()
  }

  /// Dead network: nothing is read or written any more, in either direction, until `resume`.
  public func stall() async throws { try await set(.stall) }

  /// Passes on again, first of all what has waited.
  public func resume() async throws { try await set(.pass) }

  /// Resets (RST) every open connection at both ends; bytes under way are lost. Returns how many there were.
  @discardableResult
  public func reset() async throws -> Int {
    try await engine.loop.submit { [engine] in engine.resetAll() }.get()
  }

  /// Holds every portion of bytes back for this long from now on.
  public func delay(_ time: Duration) async throws {
    try await engine.loop.submit { [engine] in engine.delay = .nanoseconds(Int64(time.seconds * 1e9)) }.get()
  }

  /// Passes at most this many bytes a second in each direction from now on; nil for no limit.
  public func throttle(bytesPerSecond rate: Int?) async throws {
    try await engine.loop.submit { [engine] in engine.rate = rate }.get()
  }

  /// Cuts a connection behind the next occurrence of this text that way, such as `</message>`: the receiver of that
  /// direction gets everything up to there and an orderly end, the other side a reset. The next connection waits until
  /// the receiver has read that and closed: a busy server could otherwise take the new one up before it has read the rest
  /// of the old.
  public func cut(behind text: String, _ direction: Direction) async throws {
    try await engine.loop.submit { [engine] in engine.ends[direction] = Array(text.utf8) }.get()
  }

  /// Resets a connection as soon as this many bytes have gone that way, counted from now; the last of them still arrives.
  public func cut(after bytes: Int, _ direction: Direction) async throws {
    try await limit(direction, .init(bytes: bytes, effect: .cut))
  }

  /// Stalls, as `stall` does, as soon as this many bytes have gone that way, counted from now.
  public func stall(after bytes: Int, _ direction: Direction) async throws {
    try await limit(direction, .init(bytes: bytes, effect: .stall))
  }

  /// Forgets a `cut` or `stall` that has not happened yet.
  public func disarm() async throws {
    try await engine.loop.submit { [engine] in
      engine.limits = [:]
      engine.ends = [:]
    }.get()
  }

  private func limit(_ direction: Direction, _ limit: ProxyEngine.Limit) async throws {
    try await engine.loop.submit { [engine] in engine.limits[direction] = limit }.get()
  }
}
