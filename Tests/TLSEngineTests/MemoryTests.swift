import COpenSSL
import Glibc
import Synchronization
import Testing

@testable import TLSEngine

@Suite("Memory of sessions")
struct MemoryTests {
  @Test("a session's buffers keep nothing of a big message")
  func buffersRunEmpty() {
    let wire = TLSWire(pins: [], serverName: "example.org")
    let message = [UInt8](repeating: 0x78, count: 1_048_576)
    unsafe message.withUnsafeBytes { bytes in
      unsafe wire.receive(bytes)
      unsafe wire.write(bytes)
    }
    #expect(wire.capacity >= 2 * message.count)
    var copy = [UInt8](repeating: 0, count: message.count)
    let read = unsafe copy.withUnsafeMutableBytes { unsafe wire.read(into: $0) }
    #expect(read == message.count && copy == message)
    #expect(wire.takeOutbound() == message)
    #expect(wire.capacity == 0)
  }

  @Test("OpenSSL gives back what a big message took")
  func givesMemoryBack() async {
    // In a process of its own, which can still tell OpenSSL where to get its memory, and where nothing else uses it.
    await #expect(processExitsWith: .success) {
      try #require(OpenSSLHeap.count())
      let authority = try CertificateAuthority()
      let small = try OpenSSLHeap.footprint(afterMessageOf: 1, authority)
      let big = try OpenSSLHeap.footprint(afterMessageOf: 1_048_576, authority)
      #expect(big <= small + 1024, "\(big) bytes after a big message, \(small) after a small one")
      #expect((1024...32768).contains(small), "\(small) bytes after a small message")
    }
  }
}

/// Counts what OpenSSL allocates.
private enum OpenSSLHeap {
  static let used = Atomic<Int>(0)
  private static let header = 16

  /// Puts the counting allocator in place; false if OpenSSL has allocated already.
  static func count() -> Bool {
    unsafe CRYPTO_set_mem_functions(
      { size, _, _ in unsafe OpenSSLHeap.resize(nil, to: size) },
      { block, size, _, _ in unsafe OpenSSLHeap.resize(block, to: size) },
      { block, _, _ in _ = unsafe OpenSSLHeap.resize(block, to: 0) }
    ) == 1
  }

  /// realloc, with the size kept in front of each block.
  private static func resize(_ block: UnsafeMutableRawPointer?, to size: Int) -> UnsafeMutableRawPointer? {
    let start = unsafe block.map { unsafe $0 - header }
    if let start = unsafe start { unsafe used.subtract(start.load(as: Int.self), ordering: .relaxed) }
    guard size > 0 else {
      unsafe free(start)
      return nil
    }
    guard let grown = unsafe realloc(start, size + header) else { return nil }
    unsafe grown.storeBytes(of: size, as: Int.self)
    used.add(size, ordering: .relaxed)
    return unsafe grown + header
  }

  /// Bytes that go when a client is dropped that has received and sent a message of `size` bytes.
  static func footprint(afterMessageOf size: Int, _ authority: CertificateAuthority) throws -> Int {
    let server = try TLSServer(authority.leaf("DNS:example.org"))
    let configuration = TLSConfiguration(caFile: authority.root.certificate, useSystemRoots: false)
    let context = try TLSContext(configuration)
    var client: TLSSession? = try TLSSession(context: context, serverName: "example.org")
    try client.map { client in
      let link = Link(client, server)
      try link.connect()
      let message = [UInt8](repeating: 0x78, count: size)
      try server.write(message)
      #expect(try link.clientReads() == message)
      try client.write(message)
      #expect(try link.serverReads() == message)
    }
    let before = used.load(ordering: .relaxed)
    client = nil
    return before - used.load(ordering: .relaxed)
  }
}
