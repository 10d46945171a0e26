public import TLSEngine

/// A slow computation that SCRAM needs: the keys that follow from a password, a salt and an iteration count
/// (RFC 5802 §3). Its description does not show the password.
public struct SCRAMKeyRequest: Sendable, Hashable {
  /// The hash of the mechanism.
  public let digest: Digest
  /// The salt that the server keeps for the user.
  public let salt: [UInt8]
  /// How many times to iterate.
  public let iterations: Int
  let password: Secret

  /// `password` is prepared already (`SASLprep`).
  public init(digest: Digest, password: [UInt8], salt: [UInt8], iterations: Int) {
    self.digest = digest
    self.password = Secret(password)
    self.salt = salt
    self.iterations = iterations
  }

  /// Does it: milliseconds for usual counts, most of a second for the highest. Not for an event loop.
  public func derive() -> SCRAMKeys {
    let salted = Crypto.pbkdf2(digest, password: password.bytes, salt: salt, iterations: iterations)
    return SCRAMKeys(
      request: self,
      clientKey: Secret(Crypto.hmac(digest, key: salted, Array("Client Key".utf8))),
      serverKey: Secret(Crypto.hmac(digest, key: salted, Array("Server Key".utf8))))
  }
}

/// What a `SCRAMKeyRequest` led to. Good for every login with the same password while the server keeps salt and
/// iteration count. Worth as much as the password, and as little shown.
public struct SCRAMKeys: Sendable, Equatable {
  /// What they were derived from.
  public let request: SCRAMKeyRequest
  let clientKey: Secret
  let serverKey: Secret
}
