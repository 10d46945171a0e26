import COpenSSL

/// The hash functions that SCRAM mechanisms are defined for.
public enum Digest: Sendable, Hashable, CaseIterable {
  case sha1
  case sha256
  case sha512

  /// The size of a digest in bytes.
  public var byteCount: Int {
    switch self {
    case .sha1: 20
    case .sha256: 32
    case .sha512: 64
    }
  }

  /// OpenSSL's description of the algorithm, which lives as long as the process.
  fileprivate var algorithm: OpaquePointer {
    let algorithm =
      switch self {
      case .sha1: unsafe EVP_sha1()
      case .sha256: unsafe EVP_sha256()
      case .sha512: unsafe EVP_sha512()
      }
    guard let algorithm = unsafe algorithm else { preconditionFailure("OpenSSL was built without \(self)") }
    return unsafe algorithm
  }
}

/// The primitives of SCRAM, computed by OpenSSL.
public enum Crypto {
  /// The digest of `bytes`.
  public static func hash(_ digest: Digest, _ bytes: [UInt8]) -> [UInt8] {
    unsafe output(of: digest) { result in
      unsafe EVP_Digest(bytes, bytes.count, result, nil, digest.algorithm, nil) == 1
    }
  }

  /// HMAC (RFC 2104) of `bytes` under `key`.
  public static func hmac(_ digest: Digest, key: [UInt8], _ bytes: [UInt8]) -> [UInt8] {
    unsafe output(of: digest) { result in
      unsafe HMAC(digest.algorithm, key, CInt(key.count), bytes, bytes.count, result, nil) != nil
    }
  }

  /// PBKDF2 (RFC 8018 §5.2) with HMAC, as long as one digest. Takes about 0.2 µs per iteration: not for an event loop.
  /// `iterations` is at least 1.
  public static func pbkdf2(_ digest: Digest, password: [UInt8], salt: [UInt8], iterations: Int) -> [UInt8] {
    precondition(iterations > 0 && iterations <= Int(CInt.max), "PBKDF2 needs a positive 31-bit count of iterations")
    return unsafe output(of: digest) { result in
      unsafe password.withUnsafeBytes { bytes in
        unsafe PKCS5_PBKDF2_HMAC(
          bytes.baseAddress?.assumingMemoryBound(to: CChar.self), CInt(bytes.count), salt, CInt(salt.count),
          CInt(iterations), digest.algorithm, CInt(digest.byteCount), result) == 1
      }
    }
  }

  /// Whether both are equal, in a time that depends on their lengths only.
  public static func constantTimeEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    unsafe left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
  }

  /// Runs `compute` with room for one digest. These calls fail only if memory runs out or a provider that OpenSSL
  /// cannot do without is not installed: neither is in a peer's hands.
  private static func output(of digest: Digest, _ compute: (UnsafeMutablePointer<UInt8>?) -> Bool) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: digest.byteCount) { buffer, count in
      guard unsafe compute(buffer.baseAddress) else { preconditionFailure("OpenSSL cannot compute \(digest)") }
      count = digest.byteCount
    }
  }
}
