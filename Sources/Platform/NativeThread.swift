internal import CLinux
import Glibc

/// A thread for a library that blocks or wants all its calls from one place.
public final class NativeThread: Sendable {
  private let handle: pthread_t

  private final class Start: Sendable {
    let name: String
    let body: @Sendable () -> Void
    init(name: String, body: @escaping @Sendable () -> Void) {
      self.name = name
      self.body = body
    }
  }

  /// Starts a thread that runs `body` and ends with it.
  /// - Parameters:
  ///   - name: shown by `ps -L` and `perf`; the system cuts it at 15 bytes.
  ///   - body: what it runs. All signals are blocked in it, so that they reach the main thread.
  public init(name: String, body: @escaping @Sendable () -> Void) throws(SystemError) {
    let start = Start(name: name, body: body)
    switch MainThread.make({ Self.create(start) }) {
    case .success(let thread): handle = thread
    case .failure(let error): throw error
    }
  }

  private static func create(_ start: Start) -> Result<pthread_t, SystemError> {
    let start = unsafe Unmanaged.passRetained(start)
    var thread = pthread_t()
    let code = unsafe pthread_create(
      &thread, nil,
      { argument in
        let start = unsafe Unmanaged<Start>.fromOpaque(argument!).takeRetainedValue()
        unsafe clinux_name_thread(String(start.name.prefix(15)))
        start.body()
        return nil
      }, unsafe start.toOpaque())
    guard code == 0 else {
      unsafe start.release()
      return .failure(SystemError(call: "pthread_create", code: code))
    }
    return .success(thread)
  }

  /// Waits until the body has returned. Call once, from another thread.
  public func join() {
    _ = pthread_join(handle, nil)
  }

  /// Lets the thread end by itself: nobody will join it. Call once, instead of `join`.
  public func detach() {
    _ = pthread_detach(handle)
  }
}
