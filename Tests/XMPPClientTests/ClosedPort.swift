import Glibc

/// A port of the loopback on which nobody listens, nor will while this lives: it is taken, by a socket that does not.
final class ClosedPort: Sendable {
  let number: Int
  private let socket: CInt

  init() {
    socket = Glibc.socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let socket = socket
    unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        _ = unsafe bind(socket, address, length)
        _ = unsafe getsockname(socket, address, &length)
      }
    }
    number = Int(UInt16(bigEndian: address.sin_port))
  }

  deinit { close(socket) }
}
