import NIOCore

/// One client of the control socket: reads a request, has it answered, writes the answer, and only then looks at the next.
/// So nothing piles up here for a client that asks faster than it reads; one that does not read at all is dropped.
///
/// The channel must not read by itself.
final class ControlConnection: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// For how long a client may take to read an answer.
  static let patience = TimeAmount.seconds(10)

  private let ask: (ControlCall) -> Void
  private var context: ChannelHandlerContext?
  private var lines = ControlLines()
  private var isAnswering = false
  /// The client sends nothing more; what it has sent is answered.
  private var hasFinished = false
  private var deadline: Scheduled<Void>?

  init(ask: @escaping (ControlCall) -> Void) {
    self.ask = ask
  }

  func channelActive(context: ChannelHandlerContext) {
    self.context = context
    context.read()
  }

  func channelInactive(context: ChannelHandlerContext) {
    self.context = nil
    deadline?.cancel()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    lines.append(unwrapInboundIn(data).readableBytesView)
  }

  func channelReadComplete(context: ChannelHandlerContext) { proceed() }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard event as? ChannelEvent == .inputClosed else { return context.fireUserInboundEventTriggered(event) }
    hasFinished = true
    proceed()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  private func proceed() {
    guard !isAnswering, let context else { return }
    do {
      if let line = try lines.next() {
        answer(line, eventLoop: context.eventLoop)
      } else if hasFinished {
        context.close(promise: nil)
      } else {
        context.read()
      }
    } catch {
      hasFinished = true
      lines = ControlLines()
      write(ControlRequest.Fault(description: "a line has more than \(ControlLines.limit) bytes").json)
    }
  }

  private func answer(_ line: [UInt8], eventLoop: any EventLoop) {
    isAnswering = true
    do {
      let request = try ControlRequest(line: line)
      let bound = NIOLoopBound(self, eventLoop: eventLoop)
      ask(ControlCall(request: request) { json in eventLoop.execute { bound.value.write(json) } })
    } catch {
      write(error.json)
    }
  }

  private func write(_ json: [UInt8]) {
    guard let context else { return }
    isAnswering = true
    let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
    deadline = context.eventLoop.scheduleTask(in: Self.patience) { bound.value.context?.close(promise: nil) }
    var buffer = context.channel.allocator.buffer(capacity: json.count + 1)
    buffer.writeBytes(json)
    buffer.writeInteger(UInt8(ascii: "\n"))
    let eventLoop = context.eventLoop
    context.writeAndFlush(wrapOutboundOut(buffer)).whenComplete { _ in
      // Not at once: a client may have sent very many short lines.
      eventLoop.execute { bound.value.written() }
    }
  }

  private func written() {
    deadline?.cancel()
    isAnswering = false
    proceed()
  }
}
