import NIOCore
import NIOPosix
import Platform
import TLSEngine
import XMLStream
import XMPP
import XMPPClient

/// A connection on an event loop of its own, from where a test stands: calls go in, events come out in their order.
final class Client: Sendable {
  let group: MultiThreadedEventLoopGroup
  private let loop: any EventLoop
  private let threads = NIOThreadPool(numberOfThreads: 1)
  private let connection: NIOLoopBoundBox<XMPPConnection?>
  private let recorder: Recorder
  private let stream: AsyncStream<String>

  /// Writes events down as lines.
  final class Recorder: XMPPConnectionOwner, Sendable {
    let continuation: AsyncStream<String>.Continuation

    init(_ continuation: AsyncStream<String>.Continuation) { self.continuation = continuation }

    /// What was told since the owner's turn ended last.
    let untreated = Lock(0)

    func received(_ event: XMPPConnection.Event) {
      untreated.withLock { $0 += 1 }
      continuation.yield(Client.line(event))
    }

    func turnEnded() { untreated.withLock { $0 = 0 } }
  }

  init(
    jid: String = "bot@example.org", security: ClientSession.Configuration.Security,
    trust: TLSConfiguration? = nil, endpoints: [XMPPEndpoint], group: MultiThreadedEventLoopGroup
  ) async throws {
    self.group = group
    loop = group.next()
    let (stream, continuation) = AsyncStream<String>.makeStream()
    self.stream = stream
    recorder = Recorder(continuation)
    let configuration = ClientSession.Configuration(
      jid: try JID(jid), credentials: SASLCredentials(username: "bot", password: Array("secret".utf8)),
      security: security)
    let context = try trust.map { try TLSContext($0) }
    let owner = recorder
    let (loop, threads) = (loop, threads)
    threads.start()
    connection = try await loop.submit {
      let connection = XMPPConnection(
        session: ClientSession(configuration: configuration, resuming: nil, cachedKeys: nil), context: context,
        serverName: configuration.jid.domainpart, eventLoop: loop, threads: threads,
        makeNonce: { "nonce0123456789nonce0123" },
        findEndpoints: { _ in loop.makeSucceededFuture(endpoints) }, owner: owner)
      return NIOLoopBoundBox(connection, eventLoop: loop)
    }.get()
  }

  deinit { threads.shutdownGracefully { _ in } }

  /// Does something with the connection, on its loop.
  func perform<T: Sendable>(_ body: @escaping @Sendable (XMPPConnection) -> T) async throws -> T {
    try await loop.submit { [connection] in
      guard let value = connection.value else { throw ChannelError.alreadyClosed }
      return body(value)
    }.get()
  }

  /// How many events wait for the end of a turn that may be long in coming. Zero between any two turns.
  func untreated() async throws -> Int { try await perform { [recorder] _ in recorder.untreated.withLock { $0 } } }

  func connect() async throws { try await perform { $0.connect(inbound: 0) } }

  /// The events up to and including the first that begins so, or up to the end of the connection.
  func events(until prefix: String) async -> [String] {
    var lines: [String] = []
    for await line in stream {
      lines.append(line)
      if line.hasPrefix(prefix) || line.hasPrefix("ended") { break }
    }
    return lines
  }

  private static func line(_ event: XMPPConnection.Event) -> String {
    switch event {
    case .established(.new(let info)): "new \(info.jid)"
    case .established(.resumed(let info)): "resumed \(info.jid)"
    case .stanza(let element, let number): "stanza \(number) \(element.attribute("id") ?? "-")"
    case .acknowledged(let sequence): "acknowledged \(sequence)"
    case .lost: "lost"
    case .ended(let end): "ended \(end)"
    }
  }
}
