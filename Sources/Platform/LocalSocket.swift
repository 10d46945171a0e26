import Glibc

/// A stream socket with a path (AF_UNIX): only processes of this machine reach it. Closed with the value.
public struct LocalSocket: ~Copyable, Sendable {
  /// So many bytes a path may have; the system keeps one more for its end.
  public static let maxPathBytes = 107

  private let descriptor: CInt

  private init(descriptor: CInt) { self.descriptor = descriptor }

  /// A socket that is about to be given to a call with this path.
  private static func make(for call: String, _ path: String) throws(SystemError) -> LocalSocket {
    guard path.utf8.count <= maxPathBytes else { throw SystemError(call: call, code: ENAMETOOLONG) }
    let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw SystemError(call: "socket", code: errno) }
    return LocalSocket(descriptor: descriptor)
  }

  deinit { close(descriptor) }

  /// Gives the descriptor away, which is then the caller's to close.
  public consuming func release() -> CInt {
    let released = descriptor
    discard self
    return released
  }

  // MARK: Listening

  /// Listens at a path, where nobody but this user may connect. A socket that is there already is replaced, so the caller
  /// has to know that nobody uses it any more; anything else there is left alone, and an error.
  public static func listen(at path: String) throws(SystemError) -> LocalSocket {
    let socket = try make(for: "bind", path)
    // The file gets the mode that the socket has: there is no moment at which others could connect.
    guard fchmod(socket.descriptor, 0o600) == 0 else { throw SystemError(call: "fchmod", code: errno) }
    remove(path)
    guard unsafe withAddress(path, { unsafe bind(socket.descriptor, $0, $1) }) == 0 else {
      throw SystemError(call: "bind", code: errno)
    }
    guard Glibc.listen(socket.descriptor, SOMAXCONN) == 0 else { throw SystemError(call: "listen", code: errno) }
    return socket
  }

  /// Removes the socket at a path; nothing happens if there is none, or something else.
  public static func remove(_ path: String) {
    var status = stat()
    guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return }
    unsafe unlink(path)
  }

  /// The next client. Waits for one.
  public borrowing func accept() throws(SystemError) -> LocalSocket {
    let client = Glibc.accept(descriptor, nil, nil)
    if client < 0 { throw SystemError(call: "accept", code: errno) }
    return LocalSocket(descriptor: client)
  }

  // MARK: Connecting

  /// Connects to whoever listens at a path.
  /// - Parameter patience: for how long it, and each call later, may wait: then they fail with EAGAIN.
  public static func connect(to path: String, patience: Duration) throws(SystemError) -> LocalSocket {
    let socket = try make(for: "connect", path)
    let (seconds, attoseconds) = patience.components
    var limit = timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      let size = socklen_t(MemoryLayout<timeval>.size)
      guard unsafe setsockopt(socket.descriptor, SOL_SOCKET, option, &limit, size) == 0 else {
        throw SystemError(call: "setsockopt", code: errno)
      }
    }
    guard unsafe withAddress(path, { unsafe Glibc.connect(socket.descriptor, $0, $1) }) == 0 else {
      throw SystemError(call: "connect", code: errno)
    }
    return socket
  }

  // MARK: Bytes

  /// Writes all of it.
  public borrowing func write(_ bytes: [UInt8]) throws(SystemError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes {
        unsafe send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
      }
      if count >= 0 {
        rest = rest.dropFirst(count)
      } else if errno != EINTR {
        throw SystemError(call: "send", code: errno)
      }
    }
  }

  /// Says that nothing more will be written.
  public borrowing func finishWriting() { _ = shutdown(descriptor, CInt(SHUT_WR)) }

  /// Reads up to the end of the next line; what stands behind it is dropped.
  /// - Returns: the line without its end; nil if the other side closes before that, or the line is longer than `limit`.
  public borrowing func readLine(limit: Int) throws(SystemError) -> [UInt8]? {
    var line: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while line.count <= limit {
      let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      if count < 0 { throw SystemError(call: "read", code: errno) }
      if count == 0 { return nil }
      if let end = buffer[..<count].firstIndex(of: UInt8(ascii: "\n")) { return line + buffer[..<end] }
      line += buffer[..<count]
    }
    return nil
  }

  /// Waits until the other side has closed the connection, whatever of it is unread.
  public borrowing func waitUntilClosed() {
    var descriptor = pollfd(fd: descriptor, events: 0, revents: 0)
    while unsafe poll(&descriptor, 1, -1) < 0, errno == EINTR {}
  }

  private static func withAddress(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt) -> CInt {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
    return unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }
}
