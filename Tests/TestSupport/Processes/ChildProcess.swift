import CTestSupport
import Foundation
import Glibc
import Synchronization

/// A program that a test started: addressed by its process id only, its output recorded line by line,
/// and killed by the kernel if the test process dies first.
public final class ChildProcess: Sendable {
  /// What to run.
  public struct Command: Sendable {
    /// Path of the program, or a name to look up in `PATH`.
    public var executable: String
    /// Its arguments, without the program's name.
    public var arguments: [String]
    /// Added to the environment of the test process.
    public var environment: [String: String]
    /// Its working directory; nil for that of the test process.
    public var directory: String?
    /// A file that gets a copy of its output; nil for none.
    public var log: String?
    /// Whether `input` is connected to its standard input; otherwise that is empty.
    public var takesInput: Bool

    /// A command.
    public init(
      _ executable: String, _ arguments: [String] = [], environment: [String: String] = [:], directory: String? = nil,
      log: String? = nil, takesInput: Bool = false
    ) {
      self.executable = executable
      self.arguments = arguments
      self.environment = environment
      self.directory = directory
      self.log = log
      self.takesInput = takesInput
    }
  }

  /// How a program ended.
  public enum Exit: Sendable, Equatable {
    /// It ended by itself with this exit code.
    case code(Int32)
    /// This signal ended it.
    case signal(Int32)
  }

  /// Its process id.
  public let pid: Int32
  /// What it wrote to standard output and standard error, line by line.
  public let lines: Record<String>
  /// Holds one element once the process has ended.
  private let exits: Record<Exit>
  /// Write end of its standard input, -1 without one.
  private let input: CInt

  private init(pid: Int32, lines: Record<String>, exits: Record<Exit>, input: CInt) {
    self.pid = pid
    self.lines = lines
    self.exits = exits
    self.input = input
  }

  /// Starts the command.
  /// - Throws: `TestFailure` if there is no such program.
  public static func start(_ command: Command) async throws -> ChildProcess {
    let name = (command.executable as NSString).lastPathComponent
    let lines = Record<String>("output of \(name)")
    let exits = Record<Exit>("exit of \(name)")
    let output = try Self.pipe()
    let input = command.takesInput ? try Self.pipe() : (read: -1, write: -1)

    let pid: Int32 = try await withCheckedThrowingContinuation { continuation in
      // PR_SET_PDEATHSIG fires when the *thread* that forked ends, so the thread that starts the child stays to reap it.
      Thread.detachNewThread {
        let pid = Self.spawn(command, output: output.write, input: input.read)
        close(output.write)
        if input.read >= 0 { close(input.read) }
        guard pid > 0 else {
          continuation.resume(throwing: TestFailure("\(name): \(String(cString: strerror(-pid)))"))
          return
        }
        continuation.resume(returning: pid)
        var status: CInt = 0
        while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
        // The macros WIFEXITED and so on of <sys/wait.h>.
        exits.append(status & 0x7f == 0 ? .code((status >> 8) & 0xff) : .signal(status & 0x7f))
      }
    }
    Thread.detachNewThread { Self.collect(output.read, into: lines, log: command.log) }
    return ChildProcess(pid: pid, lines: lines, exits: exits, input: input.write)
  }

  /// Runs a command to its end and returns its output; for tools such as openssl.
  /// - Throws: `TestFailure` with the output if the exit code is not 0.
  @discardableResult
  public static func run(_ executable: String, _ arguments: [String], directory: String? = nil) async throws -> String {
    let child = try await start(Command(executable, arguments, directory: directory))
    let exit = try await child.exit()
    let output = try await child.lines.complete().joined(separator: "\n")
    guard exit == .code(0) else { throw TestFailure("\(executable) \(arguments): \(exit)\n\(output)") }
    return output
  }

  /// How it ended; waits for that.
  @discardableResult
  public func exit(timeout: Duration = Patience.start) async throws -> Exit {
    try await exits.first("the end of process \(pid)", timeout: timeout)
  }

  /// How it ended, nil while it runs.
  public var exitSoFar: Exit? { exits.all.first }

  /// Sends a signal; nothing happens if the process has ended.
  public func signal(_ number: Int32) {
    if exitSoFar == nil { Glibc.kill(pid, number) }
  }

  /// SIGKILL: ends at once, wherever it is.
  public func kill() { signal(SIGKILL) }

  /// SIGTERM: asks it to end.
  public func terminate() { signal(SIGTERM) }

  /// SIGSTOP: it keeps its connections and does nothing, like a machine that hangs.
  public func pause() { signal(SIGSTOP) }

  /// SIGCONT: goes on after `pause`.
  public func resume() { signal(SIGCONT) }

  /// Sets how many files it may have open; what is open stays open. With 0 it can open nothing more.
  /// - Returns: what it was before.
  @discardableResult
  public func limitDescriptors(to number: UInt64) throws -> UInt64 {
    var before: UInt64 = 0
    let error = ctest_limit_descriptors(pid, number, &before)
    guard error == 0 else { throw TestFailure("prlimit of process \(pid): \(String(cString: strerror(error)))") }
    return before
  }

  /// Writes to its standard input (only with `takesInput`).
  public func write(_ text: String) {
    let bytes = Array(text.utf8)
    _ = bytes.withUnsafeBytes { Glibc.write(input, $0.baseAddress, $0.count) }
  }

  deinit {
    if input >= 0 { close(input) }
    if exitSoFar == nil {
      resume()
      kill()
    }
  }

  private static func pipe() throws -> (read: CInt, write: CInt) {
    var ends: [CInt] = [-1, -1]
    let error = ctest_pipe(&ends)
    guard error == 0 else { throw TestFailure("pipe: \(String(cString: strerror(error)))") }
    return (ends[0], ends[1])
  }

  /// The process id, or a negative `errno`.
  private static func spawn(_ command: Command, output: CInt, input: CInt) -> Int32 {
    let environment = ProcessInfo.processInfo.environment.merging(command.environment) { $1 }
    let argv = ([command.executable] + command.arguments).map { strdup($0) } + [nil]
    let envp = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for pointer in argv + envp { free(pointer) } }
    return ctest_spawn(command.executable, argv, envp, command.directory, input, output)
  }

  /// Reads until every writer has closed its end; runs on a thread of its own.
  private static func collect(_ descriptor: CInt, into lines: Record<String>, log: String?) {
    defer { close(descriptor) }
    let copy = log.map { open($0, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600) } ?? -1
    defer { if copy >= 0 { close(copy) } }
    var buffer = [UInt8](repeating: 0, count: 65_536)
    var rest: [UInt8] = []
    while true {
      let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { break }
      if copy >= 0 { _ = buffer.withUnsafeBytes { Glibc.write(copy, $0.baseAddress, count) } }
      rest += buffer[..<count]
      let parts = rest.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      lines.append(contentsOf: parts.dropLast().map { String(decoding: $0, as: UTF8.self) })
      rest = Array(parts.last ?? [])
    }
    if !rest.isEmpty { lines.append(String(decoding: rest, as: UTF8.self)) }
    lines.end("the process has closed its output")
  }
}
