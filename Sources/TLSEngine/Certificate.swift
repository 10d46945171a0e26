import COpenSSL

/// Reads of an `X509 *` that is borrowed from OpenSSL.
enum Certificate {
  /// The digest of the certificate's DER encoding; empty if OpenSSL cannot compute it.
  static func digest(of certificate: OpaquePointer, with algorithm: OpaquePointer) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { buffer, count in
      var length: CUnsignedInt = 0
      let done = unsafe X509_digest(certificate, algorithm, buffer.baseAddress, &length)
      count = done == 1 ? Int(length) : 0
    }
  }
}
