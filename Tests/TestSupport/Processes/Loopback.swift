import Glibc
import Platform

/// Ports of 127.0.0.1 and whether somebody listens there.
public enum Loopback {
  /// Ports that this process has given out, so that two tests at the same time get different ones.
  private static let given = Lock<Set<Int>>([])

  /// A port that nobody listens on.
  ///
  /// It lies below the range from which the system takes the ports of outgoing connections: otherwise such a
  /// connection could sit on the port while a server is being restarted.
  public static func freePort() -> Int {
    given.withLock { given in
      for _ in 0..<10_000 {
        let port = Int.random(in: 10_000..<32_000)
        if !given.contains(port), canBind(port) {
          given.insert(port)
          return port
        }
      }
      preconditionFailure("no free port on 127.0.0.1")
    }
  }

  /// Whether a TCP connection to the port is accepted right now.
  public static func accepts(_ port: Int) -> Bool {
    withSocket(port) { socket, address, length in connect(socket, address, length) == 0 }
  }

  /// Returns once the port accepts connections.
  /// - Throws: `TimedOut` after `timeout`, or what `alive` throws, which is asked between the attempts.
  public static func waitUntilAccepting(
    _ port: Int, timeout: Duration = Patience.start, alive: () throws -> Void = {}
  ) async throws {
    let start = ContinuousClock.now
    while !accepts(port) {
      try alive()
      guard start.duration(to: .now) < timeout else { throw TimedOut("nobody listens on port \(port)", after: timeout) }
      try await Task.sleep(for: .milliseconds(10))
    }
  }

  private static func canBind(_ port: Int) -> Bool {
    withSocket(port) { socket, address, length in bind(socket, address, length) == 0 }
  }

  private static func withSocket(
    _ port: Int, _ body: (CInt, UnsafePointer<sockaddr>, socklen_t) -> Bool
  ) -> Bool {
    let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(port)).bigEndian
    address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }
}
