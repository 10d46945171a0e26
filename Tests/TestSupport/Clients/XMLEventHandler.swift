import NIOCore
import XMLStream

/// Feeds what a channel reads to an XML stream parser; a new parser begins where the owner says that a stream restarts.
final class XMLEventHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer

  /// Whether the stream goes on after an event, or a new one begins behind it.
  enum Next {
    case sameStream
    case newStream
  }

  private var parser = XMLStreamParser(limits: .init(stanzaBytes: 16 << 20))
  private let received: (XMLStreamEvent) -> Next
  private let flushed: () -> Void
  private let ended: (String) -> Void

  /// - Parameters:
  ///   - received: gets every event.
  ///   - flushed: called when all that one read brought has been delivered.
  ///   - ended: called once, with the reason, when nothing more will come.
  init(
    received: @escaping (XMLStreamEvent) -> Next, flushed: @escaping () -> Void = {},
    ended: @escaping (String) -> Void
  ) {
    self.received = received
    self.flushed = flushed
    self.ended = ended
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var buffer = unwrapInboundIn(data)
    do {
      while buffer.readableBytes > 0 {
        var restarts = false
        let consumed = try buffer.withUnsafeReadableBytes { bytes in
          try parser.feed(bytes) { event in
            restarts = received(event) == .newStream
            return restarts ? .halt : .proceed
          }
        }
        buffer.moveReaderIndex(forwardBy: consumed)
        if restarts { parser = XMLStreamParser(limits: .init(stanzaBytes: 16 << 20)) }
      }
    } catch {
      ended("the peer sent \(error)")
      context.close(promise: nil)
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    flushed()
    context.fireChannelReadComplete()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    ended("\(error)")
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    ended("the connection was closed")
    context.fireChannelInactive()
  }
}
