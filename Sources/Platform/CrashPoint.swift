#if DEBUG
internal import Glibc
#endif

/// A step at which a debug build can be told to die, so that a test sees what the next start makes of it.
///
/// `XMB_CRASH_POINT=NAME` in the environment ends the process with SIGKILL the first time that it reaches the step NAME,
/// `NAME:COUNT` the COUNT-th time. In a release build every function here is empty and inlined: no name of a step is left, and
/// nothing looks at the environment.
public enum CrashPoint {
  #if DEBUG
  private static let wanted: (name: String, count: Int)? = {
    guard let value = unsafe getenv("XMB_CRASH_POINT") else { return nil }
    let parts = unsafe String(cString: value).split(separator: ":", maxSplits: 1)
    guard let name = parts.first else { return nil }
    return (String(name), parts.count == 2 ? Int(parts[1]) ?? 1 : 1)
  }()

  private struct State {
    var reached = 0
    var isDue = false
  }
  private static let state = Lock(State())

  private static func isWanted(_ name: StaticString) -> Bool { wanted.map { $0.name == name.description } ?? false }

  private static func reach(_ last: Int) {
    let count = state.withLock { state in
      state.reached += 1
      return state.reached
    }
    if count == last { kill(getpid(), SIGKILL) }
  }

  /// The process is at this step.
  public static func reached(_ name: StaticString) {
    if isWanted(name), let wanted { reach(wanted.count) }
  }

  /// The step is reached as soon as what this turn writes is written: see ``written()``.
  public static func due(_ name: StaticString) {
    if isWanted(name) { state.withLock { $0.isDue = true } }
  }

  /// A turn's bytes are with the system: a step that was ``due(_:)`` is reached.
  public static func written() {
    guard let wanted else { return }
    let isDue = state.withLock { state in
      defer { state.isDue = false }
      return state.isDue
    }
    if isDue { reach(wanted.count) }
  }
  #else
  /// Nothing in a release build.
  @inlinable @inline(__always) public static func reached(_ name: StaticString) {}
  /// Nothing in a release build.
  @inlinable @inline(__always) public static func due(_ name: StaticString) {}
  /// Nothing in a release build.
  @inlinable @inline(__always) public static func written() {}
  #endif
}
