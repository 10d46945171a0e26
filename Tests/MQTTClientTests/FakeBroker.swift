import Glibc
import Platform
import TestSupport

/// A listener that knows just enough MQTT to refuse: it reads CONNECT, looks at the version, and answers or hangs up.
final class FakeBroker: Sendable {
  /// How it refuses MQTT 5.
  enum Refusal: CaseIterable, Sendable {
    /// As a 3.1.1 broker does: return code 1.
    case returnCode
    /// As an MQTT 5 broker does: reason code 0x84.
    case reasonCode
    /// By closing the connection.
    case silence
  }

  /// What it does with a connection.
  enum Behaviour: Sendable {
    /// Refuses MQTT 5 and accepts 3.1.1.
    case refuses(Refusal)
    /// Closes it, whatever the version.
    case hangsUp
    /// Accepts MQTT 5, and sends DISCONNECT with this code.
    case dismisses(UInt8)
    /// Accepts MQTT 5, and acknowledges the first so many publishes when it has read so many bytes of them.
    case acknowledges(UInt8, behind: Int)
  }

  /// The protocol level of each CONNECT.
  let connects = Record<UInt8>("CONNECT")
  let port: Int
  private let listener: Int32

  init(_ behaviour: Behaviour) throws {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        bind(descriptor, generic, size) == 0 && listen(descriptor, 16) == 0
          && getsockname(descriptor, generic, &size) == 0
      }
    }
    guard isBound else { throw TestFailure("no socket: errno \(errno)") }
    listener = descriptor
    port = Int(UInt16(bigEndian: address.sin_port))
    let connects = self.connects
    try NativeThread(name: "fake-broker") { Self.serve(descriptor, behaviour, connects) }.detach()
  }

  /// Ends it; connections that are open stay so until the other side closes them.
  func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

  private static func serve(_ listener: Int32, _ behaviour: Behaviour, _ connects: Record<UInt8>) {
    while case let connection = accept(listener, nil, nil), connection >= 0 {
      var buffer = [UInt8](repeating: 0, count: 1_024)
      // CONNECT begins with its type, one length byte (ours are short), and `MQTT` behind its length; then the level.
      guard read(connection, &buffer, buffer.count) > 8 else {
        close(connection)
        continue
      }
      connects.append(buffer[8])
      switch (buffer[8], behaviour) {
      case (4, .refuses): answer(connection, [0x20, 2, 0, 0], thenClose: false)
      case (5, .refuses(.returnCode)): answer(connection, [0x20, 2, 0, 1], thenClose: true)
      case (5, .refuses(.reasonCode)): answer(connection, [0x20, 3, 0, 0x84, 0], thenClose: true)
      case (5, .dismisses(let code)): answer(connection, [0x20, 3, 0, 0, 0, 0xE0, 2, code, 0], thenClose: true)
      case (5, .acknowledges(let count, let bytes)):
        answer(connection, [0x20, 3, 0, 0, 0], thenClose: false)
        var missing = bytes
        while missing > 0, case let count = read(connection, &buffer, buffer.count), count > 0 { missing -= count }
        answer(connection, (1...count).flatMap { [0x40, 2, 0, $0] }, thenClose: false)
      default: close(connection)
      }
    }
    close(listener)
  }

  private static func answer(_ connection: Int32, _ bytes: [UInt8], thenClose: Bool) {
    _ = write(connection, bytes, bytes.count)
    if thenClose { close(connection) }
  }
}
