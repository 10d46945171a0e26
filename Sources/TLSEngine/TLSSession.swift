import COpenSSL

/// The client's side of one TLS connection, as a machine of bytes: ciphertext from the network goes in with `receive`,
/// what `takeCiphertext` returns goes to the network, and neither a socket nor a clock is touched.
///
/// After each `receive`, call `handshake` until it returns true, then `read` until it wants more; after each call of any
/// kind, also one that threw, send what `takeCiphertext` returns (a refused server is told why by an alert).
/// A session belongs to one thread at a time.
@safe
public final class TLSSession {
  /// What `read` found.
  public enum ReadResult: Sendable, Equatable {
    /// This many bytes of plaintext were delivered, at least one; there may be more.
    case data(Int)
    /// Nothing until more ciphertext has been received.
    case wantsMore
    /// The peer will send nothing any more: it said so, or its end of input was reported.
    case closed
  }

  private enum State {
    case handshaking
    case established(TLSFacts)
    /// We sent close_notify; the peer may still send.
    case closing(TLSFacts)
    case failed(TLSError)
  }

  private let ssl: OpaquePointer
  private let wire: TLSWire
  private var state = State.handshaking
  private var inputEnded = false

  /// Prepares a connection. `serverName` is the name to find in the certificate and to send as SNI: for XMPP the domain
  /// of the JID, whatever host serves it (RFC 6120 §13.7.2.1), in ASCII (an internationalised name in its A-label form),
  /// or an IP address, which is not sent.
  /// - Throws: `TLSError.configuration` for a name that no certificate can have.
  public init(context: TLSContext, serverName: String) throws(TLSError) {
    let identity = try ServerIdentity(serverName)
    ErrorQueue.clear()
    guard let ssl = unsafe context.makeSSL() else {
      throw .configuration("OpenSSL cannot make a session: \(ErrorQueue.drain())")
    }
    unsafe self.ssl = ssl
    wire = TLSWire(pins: context.configuration.pins, serverName: serverName)
    guard let bio = unsafe WireBIO.make(over: wire) else {
      throw .configuration("OpenSSL cannot make a session: \(ErrorQueue.drain())")
    }
    // One reference for both directions, which the SSL now owns.
    unsafe SSL_set_bio(ssl, bio, bio)
    unsafe SSL_set_connect_state(ssl)
    guard unsafe CertificateVerification.attach(wire, to: ssl), unsafe identity.expect(in: ssl) else {
      throw .configuration("OpenSSL does not accept the server name \(serverName): \(ErrorQueue.drain())")
    }
  }

  deinit {
    unsafe SSL_free(ssl)
  }

  /// What is known of the link; nil until the handshake is done.
  public var facts: TLSFacts? {
    switch state {
    case .established(let facts), .closing(let facts): facts
    case .handshaking, .failed: nil
    }
  }

  /// Takes in ciphertext from the network; it is worked off by `handshake` and `read`.
  public func receive(_ bytes: UnsafeRawBufferPointer) {
    unsafe wire.receive(bytes)
  }

  /// Takes in ciphertext from the network.
  public func receive(_ bytes: [UInt8]) {
    unsafe bytes.withUnsafeBytes { unsafe receive($0) }
  }

  /// Tells the session that the network will bring nothing more. The end of a connection without TLS's own goodbye is
  /// an ordinary disconnect: XMPP has its own way to end a stream.
  public func receiveEnd() {
    inputEnded = true
  }

  /// Takes out the ciphertext to send; empty if there is none.
  public func takeCiphertext() -> [UInt8] {
    wire.takeOutbound()
  }

  /// Drives the handshake on. Returns true once it is done, and the server's certificate accepted.
  /// - Throws: why there will be no connection; again at each further call.
  public func handshake() throws(TLSError) -> Bool {
    switch state {
    case .established, .closing: return true
    case .failed(let error): throw error
    case .handshaking: break
    }
    ErrorQueue.clear()
    let result = unsafe SSL_do_handshake(ssl)
    if result == 1 {
      state = .established(establishedFacts())
      return true
    }
    guard unsafe SSL_get_error(ssl, result) == SSL_ERROR_WANT_READ else {
      throw fail(wire.refusal ?? .protocolFailure(ErrorQueue.drain()))
    }
    guard !inputEnded else { throw fail(.protocolFailure("the server closed the connection during the handshake")) }
    return false
  }

  /// Reads plaintext into `buffer`, which must not be empty; at most one record (16 KiB) at a time.
  /// - Throws: what broke the connection off; again at each further call.
  public func read(into buffer: UnsafeMutableRawBufferPointer) throws(TLSError) -> ReadResult {
    switch state {
    case .handshaking: return inputEnded ? .closed : .wantsMore
    case .failed(let error): throw error
    case .established, .closing: break
    }
    precondition(buffer.count > 0, "read needs room for at least one byte")
    ErrorQueue.clear()
    var count = 0
    let result = unsafe SSL_read_ex(ssl, buffer.baseAddress, buffer.count, &count)
    guard result != 1 else { return .data(count) }
    switch unsafe SSL_get_error(ssl, result) {
    case SSL_ERROR_WANT_READ: return inputEnded ? .closed : .wantsMore
    case SSL_ERROR_ZERO_RETURN: return .closed
    default: throw fail(.protocolFailure(ErrorQueue.drain()))
    }
  }

  /// Encrypts `bytes`; all of them, whatever their number.
  /// - Throws: `TLSError.protocolFailure` before the handshake is done or after `close`; else what broke the connection
  ///   off.
  public func write(_ bytes: UnsafeRawBufferPointer) throws(TLSError) {
    switch state {
    case .established: break
    case .handshaking: throw .protocolFailure("the handshake is not done")
    case .closing: throw .protocolFailure("the connection is closed")
    case .failed(let error): throw error
    }
    guard bytes.count > 0 else { return }
    ErrorQueue.clear()
    var written = 0
    guard unsafe SSL_write_ex(ssl, bytes.baseAddress, bytes.count, &written) == 1, written == bytes.count else {
      throw fail(.protocolFailure(ErrorQueue.drain()))
    }
  }

  /// Encrypts `bytes`.
  /// - Throws: as the other form.
  public func write(_ bytes: [UInt8]) throws(TLSError) {
    unsafe try bytes.withUnsafeBufferPointer { bytes throws(TLSError) in
      unsafe try write(UnsafeRawBufferPointer(bytes))
    }
  }

  /// Says goodbye (close_notify); the peer may still send. Does nothing unless the connection stands, so it may be
  /// called more than once.
  public func close() {
    guard case .established(let facts) = state else { return }
    state = .closing(facts)
    ErrorQueue.clear()
    _ = unsafe SSL_shutdown(ssl)
    ErrorQueue.clear()
  }

  private func fail(_ error: TLSError) -> TLSError {
    state = .failed(error)
    return error
  }

  private func establishedFacts() -> TLSFacts {
    let version = unsafe SSL_get_version(ssl)
    let cipher = unsafe SSL_CIPHER_get_name(SSL_get_current_cipher(ssl))
    return TLSFacts(
      version: unsafe version.map { unsafe String(cString: $0) } ?? "",
      cipher: unsafe cipher.map { unsafe String(cString: $0) } ?? "",
      leafSHA256: wire.leafSHA256,
      channelBindings: unsafe ChannelBindingReader(ssl: ssl).all())
  }
}
