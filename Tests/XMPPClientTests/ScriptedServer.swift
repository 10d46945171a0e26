import NIOCore
import NIOPosix

/// A server on a port of the loopback that plays one script for each connection it gets, in their order.
final class ScriptedServer: Sendable {
  /// One line of a script.
  enum Step: Sendable {
    /// Wait until this has come; what came before it is passed over.
    case expect(String)
    /// Say this.
    case send(String)
    /// Say what depends on what has come on this connection, decrypted.
    case answer(@Sendable (String) -> String)
    /// Be the server of TLS from here on.
    case startTLS(certificate: String, key: String)
    /// Close the connection.
    case close
  }

  let port: Int
  private let channel: any Channel
  private let log: ServerLog

  private init(channel: any Channel, log: ServerLog) throws {
    self.channel = channel
    self.log = log
    guard let port = channel.localAddress?.port else { throw ChannelError.unknownLocalAddress }
    self.port = port
  }

  static func start(on group: any EventLoopGroup, _ scripts: [Step]...) async throws -> ScriptedServer {
    let log = ServerLog(scripts)
    let channel = try await ServerBootstrap(group: group.next())
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(ScriptHandler(log: log))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    return try ScriptedServer(channel: channel, log: log)
  }

  func stop() async throws {
    try await channel.close()
  }

  /// Waits for the end of one more connection.
  func disconnected() async {
    for await _ in log.disconnections { break }
  }

  /// What came in all connections so far, as it came over the wire.
  var wire: [UInt8] { log.wire }
  /// The text that came, decrypted.
  var text: String { log.text }
  /// How many connections there were.
  var connections: Int { log.connections }
  /// The names that clients asked for in TLS.
  var names: [String] { log.names }
}

/// Plays a script.
private final class ScriptHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let log: ServerLog
  private var steps: ArraySlice<ScriptedServer.Step> = []
  private var tls: TLSPeer?
  /// All text of this connection, and where the part begins that the script has not seen.
  private var text = ""
  private var seen = 0

  init(log: ServerLog) { self.log = log }

  func channelActive(context: ChannelHandlerContext) {
    steps = log.nextScript()[...]
    play(context)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let bytes = Array(unwrapInboundIn(data).readableBytesView)
    log.add(wire: bytes)
    var plaintext = bytes
    if let tls {
      guard let decrypted = try? tls.decrypt(bytes) else { return context.close(promise: nil) }
      plaintext = decrypted
      log.add(name: tls.serverNameIndication)
      flush(tls, context)
    }
    let portion = String(decoding: plaintext, as: UTF8.self)
    log.add(text: portion)
    text += portion
    play(context)
  }

  func channelInactive(context: ChannelHandlerContext) { log.disconnected() }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  private func play(_ context: ChannelHandlerContext) {
    while let step = steps.first {
      switch step {
      case .expect(let wanted):
        let rest = text.dropFirst(seen)
        guard let range = rest.firstRange(of: wanted) else { return }
        seen = text.distance(from: text.startIndex, to: range.upperBound)
      case .send(let answer): send(answer, context)
      case .answer(let answer): send(answer(text), context)
      case .startTLS(let certificate, let key): tls = try? TLSPeer(certificate: certificate, key: key)
      case .close: context.close(promise: nil)
      }
      steps.removeFirst()
    }
  }

  private func send(_ text: String, _ context: ChannelHandlerContext) {
    if let tls {
      tls.encrypt(Array(text.utf8))
      flush(tls, context)
    } else {
      context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
    }
  }

  private func flush(_ tls: TLSPeer, _ context: ChannelHandlerContext) {
    let ciphertext = tls.takeCiphertext()
    if !ciphertext.isEmpty {
      context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: ciphertext)), promise: nil)
    }
  }
}
