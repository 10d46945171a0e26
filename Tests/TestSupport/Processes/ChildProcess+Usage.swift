import Glibc

extension ChildProcess {
  /// How much CPU time it has used so far, in user and in kernel mode, threads that have ended included; to the
  /// nanosecond, for what a thousand messages cost is less than a tick of `/proc/PID/stat`.
  /// - Throws: `TestFailure` if the process has ended.
  public func cpuTime() throws -> Duration {
    var clock = clockid_t()
    var time = timespec()
    guard clock_getcpuclockid(pid, &clock) == 0, clock_gettime(clock, &time) == 0 else {
      throw TestFailure("no process \(pid)")
    }
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }

  /// How much of a core it uses while nobody asks it for anything: 0.01 is a percent.
  public func cpuShare(over time: Duration) async throws -> Double {
    let (before, start) = (try cpuTime(), ContinuousClock.now)
    try await Task.sleep(for: time)
    return (try cpuTime() - before) / start.duration(to: .now)
  }
}
