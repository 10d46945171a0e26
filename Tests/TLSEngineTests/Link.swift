import TLSEngine

/// A client and a server joined by memory.
struct Link {
  let client: TLSSession
  let server: TLSServer

  init(_ client: TLSSession, _ server: TLSServer) {
    self.client = client
    self.server = server
  }

  /// A client of `serverName` with `configuration`, and a server with `files`; the handshake is not begun.
  init(
    _ configuration: TLSConfiguration, _ server: TLSServer, serverName: String = "example.org"
  ) throws {
    self.init(try TLSSession(context: TLSContext(configuration), serverName: serverName), server)
  }

  /// Carries what both have to say, in pieces of at most `piece` bytes.
  func exchange(piece: Int = .max) throws {
    var idle = false
    while !idle {
      let clientEstablished = try clientStep()
      let toServer = client.takeCiphertext()
      for bytes in toServer.pieces(of: piece) {
        server.receive(bytes)
        _ = try server.handshake()
      }
      let toClient = server.takeCiphertext()
      for bytes in toClient.pieces(of: piece) {
        client.receive(bytes)
        if !clientEstablished { _ = try clientStep() }
      }
      idle = toServer.isEmpty && toClient.isEmpty
    }
  }

  /// The handshake from beginning to end; throws what either side throws, the client's first.
  func connect(piece: Int = .max) throws {
    try exchange(piece: piece)
  }

  /// What the server has to read now.
  func serverReads() throws -> [UInt8] {
    server.receive(client.takeCiphertext())
    var bytes: [UInt8] = []
    while case .data(let more) = try server.read() { bytes += more }
    return bytes
  }

  /// What the client has to read now, of ciphertext that comes in pieces of at most `piece` bytes.
  func clientReads(piece: Int = .max) throws -> [UInt8] {
    var bytes: [UInt8] = []
    for ciphertext in server.takeCiphertext().pieces(of: piece) {
      client.receive(ciphertext)
      while case .data = try client.read(into: &bytes) {}
    }
    return bytes
  }

  private func clientStep() throws -> Bool {
    do {
      return try client.handshake()
    } catch {
      server.receive(client.takeCiphertext())
      throw error
    }
  }
}

extension [UInt8] {
  func pieces(of size: Int) -> [[UInt8]] {
    size >= count
      ? (isEmpty ? [] : [self])
      : stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
  }
}

extension TLSSession {
  /// Appends plaintext to `bytes`, at most one record (16 KiB) at a time.
  func read(into bytes: inout [UInt8]) throws(TLSError) -> ReadResult {
    unsafe try withUnsafeTemporaryAllocation(byteCount: 16_384, alignment: 1) {
      buffer throws(TLSError) -> ReadResult in
      let result = unsafe try read(into: buffer)
      if case .data(let count) = result {
        unsafe bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      }
      return result
    }
  }
}
