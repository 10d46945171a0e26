/// What an account logs in with. Its description does not show the password.
public struct SASLCredentials: Sendable, Equatable {
  /// The authentication identity: the localpart of the JID.
  public var username: String
  /// Whether TLS has a client certificate, so that EXTERNAL (RFC 4422 appendix A) may be used.
  public var external: Bool
  /// The identity to act as, if it is not the one that `username` or the certificate implies: a bare JID. EXTERNAL
  /// needs it where the certificate names several (XEP-0178).
  public var authorizationID: String?
  var password: Secret?

  /// `password` is UTF-8 text; nil: only EXTERNAL is possible.
  public init(username: String, password: [UInt8]?, external: Bool = false, authorizationID: String? = nil) {
    self.username = username
    self.password = password.map(Secret.init)
    self.external = external
    self.authorizationID = authorizationID
  }
}
