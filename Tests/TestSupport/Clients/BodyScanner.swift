import CTestSupport
import NIOCore

/// Takes the bodies of messages out of a stream and looks at nothing else: for thousands of messages a second, for which
/// a tree of every stanza would take the machine that is being measured.
///
/// It leaves their text as it stands in the XML. ejabberd gives a body that it has kept an `xml:lang`.
final class BodyScanner: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private static let opening = "<body"
  private static let closing = "</body>"

  private let bodies: Record<[UInt8]>
  private var batch: [[UInt8]] = []
  /// The beginning of what has not come whole yet.
  private var rest: [UInt8] = []

  init(_ bodies: Record<[UInt8]>) { self.bodies = bodies }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    rest += unwrapInboundIn(data).readableBytesView
    let consumed = rest.withUnsafeBytes(scan)
    rest.removeFirst(consumed)
  }

  /// Returns how many bytes need not be looked at again.
  private func scan(_ bytes: UnsafeRawBufferPointer) -> Int {
    var position = 0
    while let start = Self.find(Self.opening, in: bytes, from: position) {
      guard let text = Self.find(">", in: bytes, from: start),
        let end = Self.find(Self.closing, in: bytes, from: text)
      else { return start }
      batch.append(Array(bytes[(text + 1)..<end]))
      position = end + Self.closing.utf8.count
    }
    return max(position, bytes.count - Self.opening.utf8.count + 1)
  }

  private static func find(_ text: String, in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
    let rest = bytes[start...]
    let found = ctest_find(UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count, text)
    return found < 0 ? nil : start + found
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    bodies.append(contentsOf: batch)
    batch = []
  }

  func channelInactive(context: ChannelHandlerContext) {
    bodies.end("the connection was closed")
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
