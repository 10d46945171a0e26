import Foundation
import Platform

/// The built `xmpp-mqtt-bridge` as a process, with its configuration and state in a temporary directory: it can be
/// killed and started again, with its state or without.
public final class BridgeProcess: Sendable {
  private let directory: TemporaryDirectory
  private let child = Lock<ChildProcess?>(nil)
  private let configuration: Lock<BridgeConf>
  private let smallDisk = Lock<SmallDisk?>(nil)

  /// A bridge that is not started yet.
  public init(_ configuration: BridgeConf) throws {
    directory = try TemporaryDirectory("bridge")
    self.configuration = Lock(configuration)
    try write()
  }

  deinit {
    // Before the directory goes with everything below it.
    smallDisk.withLock { $0 = nil }
  }

  /// The program: `$BRIDGE_BINARY`, else what was built beside the test bundle, else the package's debug build.
  public static func executable() throws -> String {
    let environment = ProcessInfo.processInfo.environment
    let bundle = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    let beside = (bundle as NSString).deletingLastPathComponent + "/xmpp-mqtt-bridge"
    let package = URL(fileURLWithPath: #filePath + "/../../../..").standardizedFileURL.path
    let candidates = [environment["BRIDGE_BINARY"], beside, "\(package)/.build/debug/xmpp-mqtt-bridge"]
    guard let found = candidates.compactMap({ $0 }).first(where: FileManager.default.isExecutableFile) else {
      throw TestFailure("xmpp-mqtt-bridge is not built; looked for it at \(candidates.compactMap { $0 })")
    }
    return found
  }

  // MARK: Running

  /// Starts the program; returns as soon as it runs, before it has connected to anything.
  /// - Parameters:
  ///   - environment: added to that of the test process.
  ///   - launcher: a program that becomes the bridge, with its arguments, as `nice` does.
  public func start(environment: [String: String] = [:], by launcher: [String] = []) async throws {
    let log = directory.path("bridge.log")
    let words = launcher + [try Self.executable(), "run", "--config", file]
    let started = try await ChildProcess.start(
      .init(words[0], Array(words.dropFirst()), environment: environment, directory: directory.path, log: log))
    child.withLock { $0 = started }
  }

  /// The process that runs, or ran last; nil before the first start.
  public var current: ChildProcess? { child.withLock { $0 } }

  /// SIGKILL; returns when the process is gone. One that is gone already is as good.
  public func kill() async throws {
    current?.kill()
    try await current?.exit()
  }

  /// SIGTERM; returns how it ended.
  @discardableResult
  public func stop() async throws -> ChildProcess.Exit? {
    current?.terminate()
    return try await current?.exit()
  }

  /// Kills it as `kill -9` does and starts it again with its state.
  public func killAndStart() async throws {
    try await kill()
    try await start()
  }

  /// Stops it as SIGTERM does and starts it again with its state.
  public func restart() async throws {
    try await stop()
    try await start()
  }

  /// SIGSTOP: its connections stay open and nothing moves.
  public func pause() { current?.pause() }

  /// SIGCONT after `pause`.
  public func resume() { current?.resume() }

  /// SIGHUP after changing the configuration.
  public func reload(_ change: @Sendable (inout BridgeConf) -> Void) throws {
    try reconfigure(change)
    current?.signal(SIGHUP)
  }

  // MARK: Files

  /// The configuration file.
  public var file: String { directory.path("bridge.conf") }

  /// The state file.
  public var state: String { directory.path("state/bridge.sqlite") }

  /// The disk on which the state is kept, if it has one of its own.
  public var disk: SmallDisk? { smallDisk.withLock { $0 } }

  /// The socket on which the running bridge is asked.
  public var controlSocket: String { state + ".sock" }

  /// A file beside the configuration, for secrets and the like.
  @discardableResult
  public func write(_ text: String, to name: String) throws -> String { try directory.write(text, to: name) }

  /// Changes the configuration file; a running bridge does not notice.
  public func reconfigure(_ change: @Sendable (inout BridgeConf) -> Void) throws {
    configuration.withLock { change(&$0) }
    try write()
  }

  /// Removes the state file and what lies beside it. The bridge must not run.
  public func eraseState() throws { try directory.remove("state") }

  /// Puts a disk of its own, of so many bytes, where the state is kept. The bridge must not run.
  @discardableResult
  public func useSmallDisk(bytes: Int) throws -> SmallDisk {
    let disk = try SmallDisk(at: directory.makeDirectory("state"), bytes: bytes)
    smallDisk.withLock { $0 = disk }
    return disk
  }

  /// Names of the files beside the state file, itself included.
  public var stateFiles: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: directory.path("state")).sorted() }
  }

  /// Copies the state to `name` or, with `restoring`, from there: what a backup does. The bridge must not run.
  public func copyState(to name: String) throws {
    try directory.remove(name)
    try directory.makeDirectory(name)
    // What a killed bridge leaves of its socket is no file that could be copied.
    for file in try stateFiles where directory.path("state/\(file)") != controlSocket {
      try FileManager.default.copyItem(
        atPath: directory.path("state/\(file)"), toPath: directory.path("\(name)/\(file)"))
    }
  }

  /// Puts a copy made by `copyState` in the place of the state.
  public func restoreState(from name: String) throws {
    try eraseState()
    try FileManager.default.copyItem(atPath: directory.path(name), toPath: directory.path("state"))
  }

  private func write() throws {
    let text = configuration.withLock { $0.text(state: "state/bridge.sqlite") }
    try directory.makeDirectory("state")
    try directory.write(text, to: "bridge.conf")
  }

  // MARK: Watching

  /// What the running, or last, process has logged.
  public var log: Record<String> { current?.lines ?? Record("log of a bridge that was not started") }

  /// The first line of its log that contains all these words.
  @discardableResult
  public func logs(_ words: String..., from mark: Int = 0) async throws -> String {
    try await log.first("a log line with \(words)", from: mark) { line in words.allSatisfy(line.contains) }
  }

  /// How often the account's stream has come up in this process, resumed or new.
  public var streams: Int { log.all.count(where: Self.tellsOfStream) }

  /// Returns once the account's stream has come up so many times in this process.
  public func stream(_ count: Int = 1) async throws {
    _ = try await log.first(count, "streams of the account", timeout: Patience.reconnect, where: Self.tellsOfStream)
  }

  /// How often a connection to the broker has come up in this process; two are up together.
  public var brokerConnections: Int { log.all.count(where: Self.tellsOfBroker) }

  /// Returns once connections to the broker have come up so many times in this process.
  public func brokerConnection(_ count: Int) async throws {
    _ = try await log.first(
      count, "connections to the broker", timeout: Patience.reconnect, where: Self.tellsOfBroker)
  }

  private static func tellsOfStream(_ line: String) -> Bool {
    line.contains("event=connected") || line.contains("event=resumed")
  }

  private static func tellsOfBroker(_ line: String) -> Bool { line.contains("event=mqtt-connected") }

  /// How many bytes of memory the process has resident now, and had at most.
  public func memory() throws -> (now: Int, peak: Int) {
    guard let pid = current?.pid else { throw TestFailure("the memory of a bridge that was not started") }
    let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
    func bytes(_ key: String) throws -> Int {
      guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("\(key):") }),
        let kibibytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Int($0) })
      else { throw TestFailure("no \(key) in the status of process \(pid)") }
      return kibibytes * 1_024
    }
    return (try bytes("VmRSS"), try bytes("VmHWM"))
  }

  /// Begins anew with the most that `memory` tells.
  public func forgetPeak() throws {
    guard let pid = current?.pid else { throw TestFailure("the memory of a bridge that was not started") }
    // proc(5): 5 sets VmHWM to what is resident now.
    try "5".write(toFile: "/proc/\(pid)/clear_refs", atomically: false, encoding: .utf8)
  }

  /// Runs another command of the program, such as `["check"]`, with this configuration; returns exit code and output.
  public func command(_ arguments: [String]) async throws -> (exit: ChildProcess.Exit, lines: [String]) {
    let command = ChildProcess.Command(
      try Self.executable(), arguments + ["--config", file], directory: directory.path)
    let child = try await ChildProcess.start(command)
    let exit = try await child.exit()
    return (exit, try await child.lines.complete())
  }
}
