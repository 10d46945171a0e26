import NIOConcurrencyHelpers

/// What a scripted server still has to play, and what it saw.
final class ServerLog: Sendable {
  private struct State {
    var scripts: ArraySlice<[ScriptedServer.Step]>
    var wire: [UInt8] = []
    var text = ""
    var connections = 0
    var names: [String] = []
  }

  private let state: NIOLockedValueBox<State>

  /// The ends of connections.
  let disconnections: AsyncStream<Void>
  private let continuation: AsyncStream<Void>.Continuation

  init(_ scripts: [[ScriptedServer.Step]]) {
    state = NIOLockedValueBox(State(scripts: scripts[...]))
    (disconnections, continuation) = AsyncStream<Void>.makeStream()
  }

  func disconnected() { continuation.yield() }

  var wire: [UInt8] { state.withLockedValue { $0.wire } }
  var text: String { state.withLockedValue { $0.text } }
  var connections: Int { state.withLockedValue { $0.connections } }
  var names: [String] { state.withLockedValue { $0.names } }

  func nextScript() -> [ScriptedServer.Step] {
    state.withLockedValue { state in
      state.connections += 1
      return state.scripts.popFirst() ?? []
    }
  }

  func add(wire bytes: [UInt8]) { state.withLockedValue { $0.wire += bytes } }

  func add(text: String) { state.withLockedValue { $0.text += text } }

  func add(name: String?) {
    guard let name else { return }
    state.withLockedValue { if $0.names.last != name { $0.names.append(name) } }
  }
}
