import Foundation
import Glibc

extension ChildProcess {
  /// How much CPU time it has used so far, in user and in kernel mode, threads that have ended included.
  /// - Throws: `TestFailure` if the process has ended.
  public func cpuTime() throws -> Duration {
    guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
      // The name of the program, in parentheses, may hold spaces.
      let end = text.lastIndex(of: ")")
    else { throw TestFailure("no process \(pid)") }
    let fields = text[text.index(after: end)...].split(separator: " ")
    // proc(5): utime and stime are fields 14 and 15; the first behind the name is number 3.
    guard fields.count > 12, let user = Int(fields[11]), let system = Int(fields[12]) else {
      throw TestFailure("/proc/\(pid)/stat cannot be read: \(text)")
    }
    return .seconds(1) * (Double(user + system) / Double(sysconf(CInt(_SC_CLK_TCK))))
  }

  /// How much of a core it uses while nobody asks it for anything: 0.01 is a percent.
  public func cpuShare(over time: Duration) async throws -> Double {
    let (before, start) = (try cpuTime(), ContinuousClock.now)
    try await Task.sleep(for: time)
    return (try cpuTime() - before) / start.duration(to: .now)
  }
}
