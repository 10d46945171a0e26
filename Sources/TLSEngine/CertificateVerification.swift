import COpenSSL

/// Decides, inside the handshake, whether the server's certificate is trusted: by its pin if pins are configured, else
/// by its chain, validity and name (RFC 5280, RFC 9525). A refused server gets an alert and never a byte of ours.
enum CertificateVerification {
  /// Installs the decision for all sessions of `context`.
  static func install(in context: OpaquePointer) {
    unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
    unsafe SSL_CTX_set_cert_verify_callback(
      context,
      { store, _ in
        guard let store = unsafe store, let wire = unsafe CertificateVerification.wire(of: store) else { return 0 }
        return unsafe CertificateVerification.verify(store, for: wire) ? 1 : 0
      }, nil)
  }

  /// Lets the decision find the wire of `ssl`. `wire` must outlive `ssl`.
  static func attach(_ wire: TLSWire, to ssl: OpaquePointer) -> Bool {
    unsafe SSL_set_ex_data(ssl, 0, Unmanaged.passUnretained(wire).toOpaque()) == 1
  }

  private static func wire(of store: OpaquePointer) -> TLSWire? {
    guard
      let ssl = unsafe X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()),
      let data = unsafe SSL_get_ex_data(OpaquePointer(ssl), 0)
    else { return nil }
    return unsafe Unmanaged<TLSWire>.fromOpaque(data).takeUnretainedValue()
  }

  private static func verify(_ store: OpaquePointer, for wire: TLSWire) -> Bool {
    if let leaf = unsafe X509_STORE_CTX_get0_cert(store), let sha256 = unsafe EVP_sha256() {
      wire.leafSHA256 = unsafe Certificate.digest(of: leaf, with: sha256)
    }
    if !wire.pins.isEmpty {
      guard !wire.pins.contains(wire.leafSHA256) else {
        unsafe X509_STORE_CTX_set_error(store, X509_V_OK)
        return true
      }
      unsafe X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION)
      wire.refusal = .pinMismatch(leafSHA256: wire.leafSHA256)
      return false
    }
    guard unsafe X509_verify_cert(store) != 1 else { return true }
    let code = unsafe X509_STORE_CTX_get_error(store)
    wire.refusal = unsafe .certificate(
      reason: reason(code, depth: X509_STORE_CTX_get_error_depth(store), serverName: wire.serverName),
      leafSHA256: wire.leafSHA256)
    return false
  }

  /// OpenSSL's words for a verify code, and what they are about where that is not plain from them.
  private static func reason(_ code: CInt, depth: CInt, serverName: String) -> String {
    let text = unsafe String(cString: X509_verify_cert_error_string(Int(code)))
    let subject =
      switch code {
      case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH: ": not valid for \(serverName)"
      default: depth > 0 ? " in the issuer chain at depth \(depth)" : ""
      }
    return "\(text) (verify \(code))\(subject)"
  }
}
