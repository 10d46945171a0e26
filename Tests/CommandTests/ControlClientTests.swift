import Platform
import TestSupport
import Testing

@testable import xmpp_mqtt_bridge

@Suite("A client of the control socket")
struct ControlClientTests {
  private let directory: TemporaryDirectory
  private var path: String { directory.path("s") }

  init() throws { directory = try TemporaryDirectory("client") }

  /// A socket that threads may share.
  private final class Listener: Sendable {
    let socket: LocalSocket

    init(at path: String) throws { socket = try LocalSocket.listen(at: path) }
  }

  /// What the client makes of a bridge that answers its first request like that.
  private func asked(
    patience: Duration = Patience.event, _ answer: @escaping @Sendable (borrowing LocalSocket) -> Void
  ) throws -> Result<[UInt8], ControlFailure> {
    let listener = try Listener(at: path)
    let bridge = try NativeThread(name: "bridge") {
      guard let client = try? listener.socket.accept() else { return }
      answer(client)
    }
    defer { bridge.join() }
    return Result { () throws(ControlFailure) in
      try ControlClient(path: path, patience: patience).answer(to: "ask")
    }
  }

  @Test("gets the line that answers its own")
  func answer() throws {
    let result = try asked { client in
      let line = (try? client.readLine(limit: 100)) ?? []
      try? client.write(line + Array("ed\n".utf8))
    }
    #expect(result == .success(Array("asked".utf8)))
  }

  @Test("knows that there is no bridge")
  func nobody() throws {
    #expect(throws: ControlFailure.noBridge(path: path)) { try ControlClient(path: path).answer(to: "ask") }
    #expect(throws: ControlFailure.noBridge(path: path + "/s")) {
      try ControlClient(path: path + "/s").answer(to: "ask")
    }
    // What a bridge that was killed leaves behind.
    do { _ = try LocalSocket.listen(at: path) }
    #expect(throws: ControlFailure.noBridge(path: path)) { try ControlClient(path: path).answer(to: "ask") }
  }

  @Test("does not wait for ever for a bridge that hangs")
  func silence() throws {
    let patience = Duration.milliseconds(20)
    let result = try asked(patience: patience) { $0.waitUntilClosed() }
    #expect(result == .failure(.silent(patience)))
  }

  @Test("notices that the bridge hangs up")
  func hungUp() throws {
    let result = try asked { client in
      _ = try? client.readLine(limit: 100)
      try? client.write(Array("half".utf8))
    }
    #expect(result == .failure(.hungUp))
  }

  @Test("says that a path is too long for a socket")
  func longPath() {
    let long = "/" + String(repeating: "x", count: LocalSocket.maxPathBytes)
    #expect(throws: ControlFailure.unreachable(path: long, SystemError(call: "connect", code: 36))) {
      try ControlClient(path: long).answer(to: "ask")
    }
  }
}
