import Glibc

/// The two clocks of the process. Cores never read them: a shell reads once an event and passes the value in.
public enum Clocks {
  /// Time since an arbitrary origin that never jumps (`CLOCK_MONOTONIC`). All `now:` parameters are of this kind.
  public static func monotonic() -> Duration {
    let time = read(CLOCK_MONOTONIC)
    return .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
  }

  /// Milliseconds since 1970-01-01T00:00:00Z (`CLOCK_REALTIME`), for stamps that people and peers read.
  public static func wall() -> Int64 {
    let time = read(CLOCK_REALTIME)
    return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
  }

  private static func read(_ clock: clockid_t) -> timespec {
    var time = timespec()
    unsafe clock_gettime(clock, &time)
    return time
  }
}
