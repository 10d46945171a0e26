import COpenSSL

/// The settings of a `TLSConfiguration`, loaded: trust anchors, pins, client certificate. One serves any number of
/// sessions on any threads.
@safe
public final class TLSContext: Sendable {
  /// OpenSSL locks what sessions share; nothing here is changed after `init`.
  nonisolated(unsafe) private let context: OpaquePointer
  /// What this was made from.
  public let configuration: TLSConfiguration

  /// Reads the files that `configuration` names. TLS 1.2 is the least version accepted; there are no renegotiation, no
  /// compression, no session cache and no early data.
  /// - Throws: `TLSError.configuration` with the file and what is wrong with it.
  public init(_ configuration: TLSConfiguration) throws(TLSError) {
    ErrorQueue.clear()
    guard let context = unsafe SSL_CTX_new(TLS_client_method()) else {
      throw .configuration("OpenSSL cannot make a context: \(ErrorQueue.drain())")
    }
    unsafe self.context = context
    self.configuration = configuration
    guard unsafe copenssl_set_min_version(context, TLS1_2_VERSION) != 0 else {
      throw .configuration("OpenSSL does not allow TLS 1.2: \(ErrorQueue.drain())")
    }
    _ = unsafe SSL_CTX_set_options(context, copenssl_no_renegotiation | copenssl_no_compression)
    unsafe copenssl_set_mode(context, Int(SSL_MODE_RELEASE_BUFFERS))
    unsafe copenssl_set_session_cache_mode(context, Int(SSL_SESS_CACHE_OFF))
    unsafe CertificateVerification.install(in: context)
    try loadTrust()
    try loadClientCertificate()
    try offerALPN()
  }

  deinit {
    unsafe SSL_CTX_free(context)
  }

  /// A new `SSL *` with these settings, owned by the caller; nil when memory ran out.
  func makeSSL() -> OpaquePointer? {
    unsafe SSL_new(context)
  }

  private func loadTrust() throws(TLSError) {
    for pin in configuration.pins where pin.count != Digest.sha256.byteCount {
      throw .configuration("a pin has \(pin.count) bytes; a SHA-256 digest has \(Digest.sha256.byteCount)")
    }
    let parameters = unsafe SSL_CTX_get0_param(context)
    // An anchor of ca_file may be an intermediate.
    _ = unsafe X509_VERIFY_PARAM_set_flags(parameters, UInt(X509_V_FLAG_PARTIAL_CHAIN))
    // RFC 9525 §6.3 and §6.4.4: a wildcard is a whole label, and the subject's common name does not count.
    unsafe X509_VERIFY_PARAM_set_hostflags(
      parameters, CUnsignedInt(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT))
    if configuration.useSystemRoots, unsafe SSL_CTX_set_default_verify_paths(context) != 1 {
      throw .configuration("the system's certificate roots cannot be read: \(ErrorQueue.drain())")
    }
    if let file = configuration.caFile, unsafe SSL_CTX_load_verify_file(context, file) != 1 {
      throw .configuration("\(file) is not a PEM file of certificates: \(ErrorQueue.drain())")
    }
  }

  private func loadClientCertificate() throws(TLSError) {
    guard let certificateFile = configuration.clientCertificateFile else {
      if let keyFile = configuration.clientKeyFile { throw .configuration("\(keyFile) has no certificate beside it") }
      return
    }
    let keyFile = configuration.clientKeyFile ?? certificateFile
    // Without this OpenSSL would ask for a passphrase on the terminal.
    unsafe SSL_CTX_set_default_passwd_cb(context) { _, _, _, _ in -1 }
    guard unsafe SSL_CTX_use_certificate_chain_file(context, certificateFile) == 1 else {
      throw .configuration("\(certificateFile) is not a PEM file with a certificate: \(ErrorQueue.drain())")
    }
    guard unsafe SSL_CTX_use_PrivateKey_file(context, keyFile, SSL_FILETYPE_PEM) == 1 else {
      throw .configuration("\(keyFile) holds no usable private key without a passphrase: \(ErrorQueue.drain())")
    }
    guard unsafe SSL_CTX_check_private_key(context) == 1 else {
      throw .configuration("\(keyFile) is not the key of \(certificateFile): \(ErrorQueue.drain())")
    }
  }

  private func offerALPN() throws(TLSError) {
    guard !configuration.alpn.isEmpty else { return }
    var list: [UInt8] = []
    for name in configuration.alpn {
      guard let length = UInt8(exactly: name.utf8.count), length > 0 else {
        throw .configuration("an ALPN name has 1 to 255 bytes, \"\(name)\" has not")
      }
      list.append(length)
      list += name.utf8
    }
    // Unlike its neighbours this call returns 0 for success.
    guard unsafe SSL_CTX_set_alpn_protos(context, list, CUnsignedInt(list.count)) == 0 else {
      throw .configuration("the ALPN names cannot be set: \(ErrorQueue.drain())")
    }
  }
}
