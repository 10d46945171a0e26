import COpenSSL

/// The server's end of a connection in memory, written against OpenSSL directly so that it shares no code with what is
/// tested.
@safe
final class TLSServer {
  struct Failed: Error {
    var text: String
  }

  enum ReadResult: Equatable {
    case data([UInt8])
    case wantsMore
    case closed
  }

  private let context: OpaquePointer
  private let ssl: OpaquePointer
  private let incoming: OpaquePointer
  private let outgoing: OpaquePointer

  /// `version` fixes the protocol version; `clientRoots` names a PEM file and asks the client for a certificate that
  /// one of these signed.
  init(
    _ files: CertificateFiles, version: CInt = TLS1_3_VERSION, extendedMasterSecret: Bool = true,
    clientRoots: String? = nil
  ) throws {
    guard let context = unsafe SSL_CTX_new(TLS_server_method()) else { throw Self.failed() }
    unsafe self.context = context
    var ready = unsafe copenssl_set_min_version(context, version) != 0
    ready = unsafe ready && copenssl_set_max_version(context, version) != 0
    ready = unsafe ready && SSL_CTX_use_certificate_chain_file(context, files.certificate) == 1
    ready = unsafe ready && SSL_CTX_use_PrivateKey_file(context, files.key, SSL_FILETYPE_PEM) == 1
    if !extendedMasterSecret { _ = unsafe SSL_CTX_set_options(context, copenssl_no_extended_master_secret) }
    if let clientRoots {
      ready = unsafe ready && SSL_CTX_load_verify_file(context, clientRoots) == 1
      unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
    }
    unsafe SSL_CTX_set_alpn_select_cb(
      context,
      { _, chosen, length, offered, count, _ in
        // Takes the client's first offer, whatever it is.
        guard let offered = unsafe offered, count > 1 else { return SSL_TLSEXT_ERR_NOACK }
        unsafe length?.pointee = offered[0]
        unsafe chosen?.pointee = offered + 1
        return SSL_TLSEXT_ERR_OK
      }, nil)
    guard
      ready, let ssl = unsafe SSL_new(context), let incoming = unsafe BIO_new(BIO_s_mem()),
      let outgoing = unsafe BIO_new(BIO_s_mem())
    else { throw Self.failed() }
    unsafe self.ssl = ssl
    unsafe self.incoming = incoming
    unsafe self.outgoing = outgoing
    unsafe SSL_set_bio(ssl, incoming, outgoing)
    unsafe SSL_set_accept_state(ssl)
  }

  deinit {
    unsafe SSL_free(ssl)
    unsafe SSL_CTX_free(context)
  }

  func receive(_ bytes: [UInt8]) {
    if !bytes.isEmpty { _ = unsafe BIO_write(incoming, bytes, CInt(bytes.count)) }
  }

  func takeCiphertext() -> [UInt8] {
    let pending = unsafe BIO_ctrl_pending(outgoing)
    return unsafe [UInt8](unsafeUninitializedCapacity: pending) { buffer, count in
      count = unsafe pending == 0 ? 0 : max(0, Int(BIO_read(outgoing, buffer.baseAddress, CInt(pending))))
    }
  }

  func handshake() throws -> Bool {
    ERR_clear_error()
    let result = unsafe SSL_do_handshake(ssl)
    if result == 1 { return true }
    guard unsafe SSL_get_error(ssl, result) == SSL_ERROR_WANT_READ else { throw Self.failed() }
    return false
  }

  func read() throws -> ReadResult {
    ERR_clear_error()
    var result: CInt = 0
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 16384) { buffer, count in
      result = unsafe SSL_read_ex(ssl, buffer.baseAddress, buffer.count, &count)
    }
    guard result != 1 else { return .data(bytes) }
    switch unsafe SSL_get_error(ssl, result) {
    case SSL_ERROR_WANT_READ: return .wantsMore
    case SSL_ERROR_ZERO_RETURN: return .closed
    default: throw Self.failed()
    }
  }

  func write(_ bytes: [UInt8]) throws {
    ERR_clear_error()
    var written = 0
    guard unsafe SSL_write_ex(ssl, bytes, bytes.count, &written) == 1 else { throw Self.failed() }
  }

  func close() {
    _ = unsafe SSL_shutdown(ssl)
  }

  /// The name that the client asked for.
  var serverNameIndication: String? {
    let name = unsafe SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name)
    return unsafe name.map { unsafe String(cString: $0) }
  }

  /// The application protocol that was chosen.
  var applicationProtocol: String {
    var name: UnsafePointer<UInt8>?
    var length: CUnsignedInt = 0
    unsafe SSL_get0_alpn_selected(ssl, &name, &length)
    return unsafe String(decoding: UnsafeBufferPointer(start: name, count: Int(length)), as: UTF8.self)
  }

  /// RFC 9266's keying material as this side computes it.
  func exportedKeyingMaterial() -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
      let label = "EXPORTER-Channel-Binding"
      count =
        unsafe SSL_export_keying_material(ssl, buffer.baseAddress, 32, label, label.utf8.count, "", 0, 1) == 1 ? 32 : 0
    }
  }

  /// The client's Finished message as this side received it.
  func clientFinished() -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: 64) { buffer, count in
      count = unsafe SSL_get_peer_finished(ssl, buffer.baseAddress, 64)
    }
  }

  /// Whether the client presented a certificate that verifies.
  var hasClientCertificate: Bool {
    unsafe SSL_get0_peer_certificate(ssl) != nil && SSL_get_verify_result(ssl) == Int(X509_V_OK)
  }

  private static func failed() -> Failed {
    let reason = unsafe ERR_reason_error_string(ERR_get_error())
    return Failed(text: unsafe reason.map { unsafe String(cString: $0) } ?? "unknown")
  }
}
