import Mapping
import NIOCore
import NIOEmbedded
import Testing

@testable import Bridge

/// A client of the control socket, with the socket played by the test.
@Suite final class ControlConnectionTests {
  /// The end of the pipeline at the socket: counts what is read, and takes what is written when it is told to.
  private final class Wire: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer

    var reads = 0
    var isFull = false
    var written = ""
    private var held: [EventLoopPromise<Void>?] = []

    func read(context: ChannelHandlerContext) { reads += 1 }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
      written += String(buffer: unwrapOutboundIn(data))
      if isFull { held.append(promise) } else { promise?.succeed() }
    }

    func drain() {
      for promise in held { promise?.succeed() }
      held = []
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
      for promise in held { promise?.fail(ChannelError.ioOnClosedChannel) }
      held = []
      context.close(mode: mode, promise: promise)
    }
  }

  private final class Asked {
    var calls: [ControlCall] = []
  }

  private let channel = EmbeddedChannel()
  private let wire = Wire()
  private let asked = Asked()

  init() throws {
    let asked = asked
    try channel.pipeline.syncOperations.addHandlers([wire, ControlConnection { asked.calls.append($0) }])
    try channel.connect(to: SocketAddress(unixDomainSocketPath: "/s")).wait()
  }

  // A channel that is not closed keeps itself alive.
  deinit { _ = try? channel.finish(acceptAlreadyClosed: true) }

  private func receive(_ text: String) throws {
    try channel.writeInbound(ByteBuffer(string: text))
    channel.embeddedEventLoop.run()
  }

  private func answer(_ text: String) {
    asked.calls.last?.answer(Array(text.utf8))
    channel.embeddedEventLoop.run()
  }

  private func hangUp() {
    channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    channel.embeddedEventLoop.run()
  }

  private static let status = #"{"request":"status"}"# + "\n"

  @Test func aRequestIsAnsweredWithALine() throws {
    try receive(String(Self.status.prefix(5)))
    #expect(asked.calls.isEmpty)
    try receive(String(Self.status.dropFirst(5)))
    #expect(asked.calls.map(\.request) == [.status])
    #expect(wire.written.isEmpty)
    answer("{}")
    #expect(wire.written == "{}\n")
  }

  @Test func requestsAreTakenOneByOneAndNothingIsReadMeanwhile() throws {
    try receive(Self.status + Self.status)
    let reads = wire.reads
    #expect(asked.calls.count == 1)
    answer("1")
    #expect(asked.calls.count == 2 && wire.reads == reads)
    answer("2")
    #expect(wire.written == "1\n2\n")
    #expect(wire.reads == reads + 1)
  }

  @Test func aBadRequestIsToldAndTheNextOneTaken() throws {
    try receive("nonsense\n{\"request\":\"watch\"}\n" + Self.status)
    let lines = wire.written.split(separator: "\n")
    #expect(lines.count == 2)
    #expect(try lines.allSatisfy { try JSONValue(parsing: Array($0.utf8))["error"] != nil })
    #expect(asked.calls.count == 1)
  }

  @Test func veryManyShortLinesAreAnswered() throws {
    try receive(String(repeating: "\n", count: 60_000))
    #expect(wire.written.utf8.count { $0 == 10 } == 60_000)
    #expect(channel.isActive)
  }

  @Test func aLineWithoutAnEndIsToldAndTheClientDropped() throws {
    try receive(String(repeating: "x", count: 65_537))
    #expect(wire.written == "{\"error\":\"a line has more than 65536 bytes\"}\n")
    #expect(!channel.isActive)
  }

  @Test func aClientThatHasSaidAllIsAnsweredFirst() throws {
    try receive(Self.status)
    hangUp()
    #expect(channel.isActive)
    answer("{}")
    #expect(wire.written == "{}\n")
    #expect(!channel.isActive)
  }

  @Test func aClientThatSaysNothingMoreIsLetGo() {
    hangUp()
    #expect(!channel.isActive)
  }

  @Test func aClientThatDoesNotReadIsDropped() throws {
    wire.isFull = true
    try receive(Self.status)
    answer("{}")
    channel.embeddedEventLoop.advanceTime(by: ControlConnection.patience - .nanoseconds(1))
    #expect(channel.isActive)
    channel.embeddedEventLoop.advanceTime(by: .nanoseconds(1))
    #expect(!channel.isActive)
  }

  @Test func aClientThatReadsSlowlyIsKept() throws {
    wire.isFull = true
    try receive(Self.status)
    answer("{}")
    channel.embeddedEventLoop.advanceTime(by: ControlConnection.patience - .nanoseconds(1))
    wire.drain()
    channel.embeddedEventLoop.advanceTime(by: ControlConnection.patience * 2)
    #expect(channel.isActive)
  }

  @Test func anAnswerForAClientThatIsGoneIsNobodys() throws {
    try receive(Self.status)
    _ = try channel.finish()
    answer("{}")
    #expect(wire.written.isEmpty)
  }
}
