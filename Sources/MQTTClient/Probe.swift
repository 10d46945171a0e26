import Glibc
import Platform

/// Finds out whether somebody listens, in bounded time. libmosquitto's own connect waits for as long as the kernel
/// does, which for an address that swallows packets is over two minutes.
enum Probe {
  /// An address family in which the broker answered.
  enum Family {
    case ipv4, ipv6

    /// The address that stands for any local address of the family: libmosquitto, told to bind to it, leaves out the
    /// broker's addresses of the other family, which might be the ones that swallow packets.
    var wildcard: String { self == .ipv4 ? "0.0.0.0" : "::" }
  }

  /// Connects to the addresses of a host one after another until one answers, and hangs up.
  /// - Parameter timeout: for all addresses together; name resolution is not counted.
  static func reach(_ host: String, _ port: UInt16, timeout: Duration) throws(MQTTDisconnectReason) -> Family {
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    unsafe hints.ai_flags = AI_ADDRCONFIG
    var list: UnsafeMutablePointer<addrinfo>?
    let code = unsafe getaddrinfo(host, String(port), &hints, &list)
    guard code == 0 else { throw .unreachable("\(host): \(unsafe String(cString: gai_strerror(code)))") }
    defer { unsafe freeaddrinfo(list) }
    let deadline = Clocks.monotonic() + timeout
    var failure = ECONNREFUSED
    var next = unsafe list
    while let address = unsafe next {
      unsafe next = address.pointee.ai_next
      // Another address that may answer is not kept waiting for the whole time.
      let left = deadline - Clocks.monotonic()
      failure = unsafe connect(to: address.pointee, within: next == nil ? left : left / 2)
      if failure == 0 { return unsafe address.pointee.ai_family == AF_INET ? .ipv4 : .ipv6 }
    }
    throw .unreachable("\(host) port \(port): \(SystemError.text(failure))")
  }

  /// Returns 0 or an `errno` value.
  private static func connect(to address: addrinfo, within limit: Duration) -> Int32 {
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let descriptor = unsafe socket(address.ai_family, type, 0)
    guard descriptor >= 0 else { return errno }
    defer { close(descriptor) }
    if unsafe Glibc.connect(descriptor, address.ai_addr, address.ai_addrlen) == 0 { return 0 }
    guard errno == EINPROGRESS else { return errno }
    var watched = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    let milliseconds = max(0, limit.components.seconds * 1_000 + limit.components.attoseconds / 1_000_000_000_000_000)
    let ready = unsafe poll(&watched, 1, Int32(milliseconds))
    guard ready > 0 else { return ready == 0 ? ETIMEDOUT : errno }
    var result: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &result, &size)
    return result
  }

  /// Whether a connect to this host is answered at once, one way or the other.
  static func isLocal(_ host: String) -> Bool {
    host == "localhost" || host == "::1" || host.hasPrefix("127.")
  }
}
