import COpenSSL

/// The server's end of TLS, written against OpenSSL directly: bytes in, bytes out.
@safe
final class TLSPeer {
  struct Failed: Error {}

  private let context: OpaquePointer
  private let ssl: OpaquePointer
  private let incoming: OpaquePointer
  private let outgoing: OpaquePointer

  /// A server with a certificate and its key in PEM files.
  init(certificate: String, key: String) throws {
    guard let context = unsafe SSL_CTX_new(TLS_server_method()),
      unsafe SSL_CTX_use_certificate_chain_file(context, certificate) == 1,
      unsafe SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1,
      let ssl = unsafe SSL_new(context), let incoming = unsafe BIO_new(BIO_s_mem()),
      let outgoing = unsafe BIO_new(BIO_s_mem())
    else { throw Failed() }
    unsafe self.context = context
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

  /// Takes ciphertext and returns the plaintext in it.
  func decrypt(_ bytes: [UInt8]) throws -> [UInt8] {
    _ = unsafe BIO_write(incoming, bytes, CInt(bytes.count))
    var plaintext: [UInt8] = []
    while true {
      var result: CInt = 0
      plaintext += unsafe [UInt8](unsafeUninitializedCapacity: 16384) { buffer, count in
        ERR_clear_error()
        result = unsafe SSL_read_ex(ssl, buffer.baseAddress, buffer.count, &count)
        if result != 1 { count = 0 }
      }
      if result == 1 { continue }
      switch unsafe SSL_get_error(ssl, result) {
      case SSL_ERROR_WANT_READ, SSL_ERROR_ZERO_RETURN: return plaintext
      default: throw Failed()
      }
    }
  }

  /// Takes plaintext to send.
  func encrypt(_ bytes: [UInt8]) {
    var written = 0
    _ = unsafe SSL_write_ex(ssl, bytes, bytes.count, &written)
  }

  /// What is to go to the network now.
  func takeCiphertext() -> [UInt8] {
    let pending = unsafe BIO_ctrl_pending(outgoing)
    return unsafe [UInt8](unsafeUninitializedCapacity: pending) { buffer, count in
      count = unsafe pending == 0 ? 0 : max(0, Int(BIO_read(outgoing, buffer.baseAddress, CInt(pending))))
    }
  }

  /// The name that the client asked for.
  var serverNameIndication: String? {
    let name = unsafe SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name)
    return unsafe name.map { unsafe String(cString: $0) }
  }
}
