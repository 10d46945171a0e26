import COpenSSL

/// The channel binding types of TLS, by their registered names (RFC 5929, RFC 9266).
public enum ChannelBindingType: String, Sendable, Hashable, CaseIterable {
  /// Keying material exported from the master secret (RFC 9266); here on TLS 1.3 only, where all peers agree on it.
  case tlsExporter = "tls-exporter"
  /// The first Finished message of the handshake (RFC 5929 §3); TLS 1.2 only.
  case tlsUnique = "tls-unique"
  /// A hash of the server's certificate (RFC 5929 §4).
  case tlsServerEndPoint = "tls-server-end-point"
}

/// Reads the channel bindings of an established session. A type that is undefined or unsound there is left out.
@safe
struct ChannelBindingReader {
  private let ssl: OpaquePointer

  /// `ssl` is an established `SSL *` that outlives this value.
  init(ssl: OpaquePointer) {
    unsafe self.ssl = ssl
  }

  func all() -> [ChannelBindingType: [UInt8]] {
    var bindings: [ChannelBindingType: [UInt8]] = [:]
    if unsafe SSL_version(ssl) >= TLS1_3_VERSION {
      bindings[.tlsExporter] = exporter()
    } else if unsafe copenssl_extended_master_secret(ssl) != 0, unsafe SSL_session_reused(ssl) == 0 {
      // Without the extended master secret (RFC 7627), or over a resumption, an attacker in the middle can make the
      // Finished messages of two connections equal, which is what this binding must exclude.
      bindings[.tlsUnique] = clientFinished()
    }
    bindings[.tlsServerEndPoint] = certificateHash()
    return bindings
  }

  /// RFC 9266 §2: 32 bytes with this label and no context.
  private func exporter() -> [UInt8]? {
    let label = "EXPORTER-Channel-Binding"
    let length = 32
    var succeeded: CInt = 0
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
      succeeded = unsafe SSL_export_keying_material(
        ssl, buffer.baseAddress, length, label, label.utf8.count, nil, 0, 0)
      count = succeeded == 1 ? length : 0
    }
    return succeeded == 1 ? bytes : nil
  }

  /// RFC 5929 §3.1: in a full handshake the client's Finished message comes first.
  private func clientFinished() -> [UInt8]? {
    let capacity = Int(EVP_MAX_MD_SIZE)
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
      count = unsafe min(SSL_get_finished(ssl, buffer.baseAddress, capacity), capacity)
    }
    return bytes.isEmpty ? nil : bytes
  }

  /// RFC 5929 §4.1: the hash of the certificate's own signature algorithm, but SHA-256 in place of MD5 and SHA-1;
  /// undefined for a signature without a hash of its own (EdDSA).
  private func certificateHash() -> [UInt8]? {
    guard let certificate = unsafe SSL_get0_peer_certificate(ssl) else { return nil }
    var digest = NID_undef
    guard unsafe X509_get_signature_info(certificate, &digest, nil, nil, nil) == 1 else { return nil }
    if digest == NID_md5 || digest == NID_sha1 { digest = NID_sha256 }
    guard let algorithm = unsafe copenssl_digest(digest) else { return nil }
    return unsafe Certificate.digest(of: certificate, with: algorithm)
  }
}
