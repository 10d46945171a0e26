import Platform

/// A server process of a test that can be stopped, killed, paused and started again on the same port with the same files.
public final class ManagedProcess: Sendable {
  /// What is run at every start.
  public let command: ChildProcess.Command
  /// The ports that all accept connections once the server is ready.
  public let ports: [Int]
  private let child = Lock<ChildProcess?>(nil)

  /// A process that is not started yet.
  public init(_ command: ChildProcess.Command, ports: [Int]) {
    self.command = command
    self.ports = ports
  }

  /// The process that runs, or ran last; nil before the first start.
  public var current: ChildProcess? { child.withLock { $0 } }

  /// Process id of `current`.
  public var pid: Int32? { current?.pid }

  /// Starts the process and returns when all its ports accept connections.
  public func start() async throws {
    let started = try await ChildProcess.start(command)
    child.withLock { $0 = started }
    for port in ports {
      try await Loopback.waitUntilAccepting(port) {
        guard let exit = started.exitSoFar else { return }
        throw TestFailure(
          "\(command.executable) ended with \(exit):\n\(started.lines.all.suffix(20).joined(separator: "\n"))")
      }
    }
  }

  /// Asks it to end and waits until it has.
  public func stop() async throws {
    guard let running = current else { return }
    running.resume()
    running.terminate()
    try await running.exit()
  }

  /// SIGKILL; returns when the process is gone.
  public func kill() async throws {
    guard let running = current else { return }
    running.kill()
    try await running.exit()
  }

  /// A clean stop and a start.
  public func restart() async throws {
    try await stop()
    try await start()
  }

  /// SIGSTOP: connections stay open and nothing moves.
  public func pause() { current?.pause() }

  /// SIGCONT after `pause`.
  public func resume() { current?.resume() }
}

/// A server that a test runs as a process of its own.
public protocol TestServer: Sendable {
  /// The process, to stop, kill, pause and restart.
  var process: ManagedProcess { get }
}

extension TestServer {
  /// Asks the server to end and waits until it has.
  public func stop() async throws { try await process.stop() }
  /// Starts the server again after `stop` or `kill`: same ports, same files.
  public func start() async throws { try await process.start() }
  /// A clean stop and a start.
  public func restart() async throws { try await process.restart() }
  /// SIGKILL; returns when the process is gone.
  public func kill() async throws { try await process.kill() }
  /// SIGSTOP: connections stay open and nothing moves.
  public func pause() { process.pause() }
  /// SIGCONT after `pause`.
  public func resume() { process.resume() }
  /// What the server has written since its last start.
  public var log: Record<String>? { process.current?.lines }
}
