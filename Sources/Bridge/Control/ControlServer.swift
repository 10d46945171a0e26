import Logging
import NIOCore
import NIOPosix
import Platform

/// The control socket: a Unix socket beside the state file, on which `xmpp-mqtt-bridge status` and the like ask the running
/// bridge. Whoever makes one has the right to the state file, and with it to the socket's path.
final class ControlServer: Sendable {
  /// What clients ask; the owner answers each.
  let calls: AsyncStream<ControlCall>
  private let path: String
  private let listener: any Channel

  /// So many clients may be connected.
  private static let maxClients = 32

  private init(path: String, listener: any Channel, calls: AsyncStream<ControlCall>) {
    self.path = path
    self.listener = listener
    self.calls = calls
  }

  /// Listens at a path, in the place of a bridge that was killed.
  /// - Parameters:
  ///   - eventLoop: where the clients are served.
  ///   - log: hears why nobody can ask, if that is so.
  static func open(at path: String, on eventLoop: any EventLoop, log: Logger) async -> ControlServer? {
    guard path.utf8.count <= LocalSocket.maxPathBytes else {
      log.warning(
        """
        there is no control socket, and status does not find this bridge: the path \(path) has \(path.utf8.count) bytes, \
        and that of a socket may have \(LocalSocket.maxPathBytes); a shorter bridge.state helps
        """)
      return nil
    }
    do {
      return try await start(at: path, on: eventLoop)
    } catch {
      log.warning("there is no control socket, and status does not find this bridge: \(path): \(error)")
      return nil
    }
  }

  private static func start(at path: String, on eventLoop: any EventLoop) async throws -> ControlServer {
    let (calls, asked) = AsyncStream.makeStream(of: ControlCall.self)
    let clients = NIOLoopBoundBox.makeBoxSendingValue(0, eventLoop: eventLoop)
    let descriptor = try LocalSocket.listen(at: path).release()
    let listener = try await ServerBootstrap(group: eventLoop)
      .childChannelOption(.autoRead, value: false)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          guard clients.value < maxClients else { throw TooManyClients() }
          clients.value += 1
          channel.closeFuture.whenComplete { _ in clients.value -= 1 }
          try channel.pipeline.syncOperations.addHandler(ControlConnection { _ = asked.yield($0) })
        }
      }
      .withBoundSocket(descriptor).get()
    return ControlServer(path: path, listener: listener, calls: calls)
  }

  private struct TooManyClients: Error {}

  /// Takes no more clients and gives the path free; those that are connected go with the event loop.
  func stop() async {
    LocalSocket.remove(path)
    try? await listener.close()
  }
}
