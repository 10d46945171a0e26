import NIOCore
import TLSEngine
import XMLStream

/// The socket's end of a connection: bytes through TLS and parser to the session, and back.
///
/// One handler, not a pipeline of three: what it holds changes in the middle of a read (STARTTLS, stream restart), and
/// then the rest of that read belongs to somebody else.
final class XMPPChannelHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private weak var connection: XMPPConnection?
  private var context: ChannelHandlerContext?
  private var parser = XMLStreamParser()
  private var tls: TLSSession?
  private var isTLSEstablished = false
  private var needsNewParser = false
  private var output = ByteBuffer()

  init(connection: XMPPConnection) {
    self.connection = connection
  }

  // MARK: The channel

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  func channelInactive(context: ChannelHandlerContext) {
    connection?.closed(by: self)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let buffer = unwrapInboundIn(data)
    connection?.heard(buffer.readableBytes)
    unsafe buffer.withUnsafeReadableBytes { bytes in
      if let tls { unsafe decrypt(bytes, with: tls) } else { unsafe parse(bytes) }
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    connection?.runTurn()
  }

  // MARK: In

  private func decrypt(_ bytes: UnsafeRawBufferPointer, with tls: TLSSession) {
    unsafe tls.receive(bytes)
    do throws(TLSError) {
      if !isTLSEstablished {
        guard try tls.handshake() else { return sendCiphertext(of: tls) }
        isTLSEstablished = true
        sendCiphertext(of: tls)
        if let facts = tls.facts { connection?.tlsEstablished(facts) }
      }
      unsafe try withUnsafeTemporaryAllocation(byteCount: 16_384, alignment: 1) { room throws(TLSError) in
        while connection != nil, case .data(let count) = unsafe try tls.read(into: room) {
          unsafe parse(UnsafeRawBufferPointer(rebasing: room[..<count]))
        }
      }
      sendCiphertext(of: tls)
    } catch {
      sendCiphertext(of: tls)
      connection?.tlsFailed(error)
    }
  }

  /// Parses one portion; a stream restart in the middle of it hands the rest to the next parser.
  private func parse(_ bytes: UnsafeRawBufferPointer) {
    var rest = unsafe bytes
    while unsafe !rest.isEmpty, let connection {
      do throws(XMLStreamError) {
        let wasPlain = tls == nil
        let consumed = unsafe try parser.feed(rest) { event in
          connection.opened(event)
          return self.connection == nil || needsNewParser || (wasPlain && tls != nil) ? .halt : .proceed
        }
        unsafe rest = UnsafeRawBufferPointer(rebasing: rest[consumed...])
      } catch {
        return connection.violated(error)
      }
      if needsNewParser {
        needsNewParser = false
        parser = XMLStreamParser()
      }
      // Behind <proceed/> comes the TLS handshake and nothing else: somebody has put plain bytes in between
      // (RFC 6120 §5.4.3.3).
      if tls != nil, !isTLSEstablished, unsafe !rest.isEmpty {
        return connection.tlsFailed(.protocolFailure("the server sent bytes behind <proceed/>, which were refused"))
      }
    }
  }

  // MARK: Out

  func write(_ bytes: [UInt8]) {
    guard let tls else {
      output.writeBytes(bytes)
      return
    }
    do throws(TLSError) {
      try tls.write(bytes)
    } catch {
      connection?.tlsFailed(error)
    }
  }

  /// Writes everything of a turn at once.
  func flush() {
    if let tls { sendCiphertext(of: tls) }
    guard let context, output.readableBytes > 0 else { return }
    let bytes = output
    output = ByteBuffer()
    context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
  }

  private func sendCiphertext(of tls: TLSSession) {
    output.writeBytes(tls.takeCiphertext())
  }

  // MARK: What the session says

  func startTLS(_ session: TLSSession) {
    flush()
    tls = session
    do throws(TLSError) {
      _ = try session.handshake()
    } catch {
      connection?.tlsFailed(error)
    }
    flush()
  }

  func resetParser() {
    needsNewParser = true
  }

  func setReading(_ isReading: Bool) {
    context?.channel.setOption(.autoRead, value: isReading).whenFailure { _ in }
  }

  func readOnce() { context?.read() }

  /// For how long the socket may take to accept the last bytes before it is closed without.
  private static let linger = TimeAmount.seconds(5)

  /// Writes what is to be written, then closes. Closing throws away what the socket has not accepted yet, so it waits
  /// for that; a peer that reads nothing is not waited for long.
  func closeWhenWritten() {
    tls?.close()
    flush()
    guard let context else { return }
    let channel = context.channel
    let written = context.eventLoop.makePromise(of: Void.self)
    let timer = context.eventLoop.scheduleTask(in: Self.linger) { channel.close(promise: nil) }
    written.futureResult.whenComplete { _ in
      timer.cancel()
      channel.close(promise: nil)
    }
    context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: written)
  }

  func close() {
    context?.close(mode: .all, promise: nil)
  }

  /// Tells the connection nothing more.
  func detach() {
    flush()
    connection = nil
  }
}
