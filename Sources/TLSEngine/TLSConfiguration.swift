/// Whom to trust and how to present oneself, the same for every connection of an account.
public struct TLSConfiguration: Sendable, Hashable {
  /// A PEM file of certificates that are trusted besides the system's roots. An intermediate or a leaf in it is an
  /// anchor as good as a root.
  public var caFile: String?
  /// Whether the roots of the operating system are trusted.
  public var useSystemRoots: Bool
  /// SHA-256 digests (32 bytes each) of leaf certificates in DER. If there are any, a leaf that matches one is trusted
  /// whatever its issuer, host name and validity, and a leaf that matches none is refused.
  public var pins: [[UInt8]]
  /// A PEM file with the client's certificate, followed by its chain; for SASL EXTERNAL.
  public var clientCertificateFile: String?
  /// A PEM file with the private key, without a passphrase; nil: it is in `clientCertificateFile`.
  public var clientKeyFile: String?
  /// What is offered in ALPN (RFC 7301), most wanted first. The server need not choose any.
  public var alpn: [String]

  /// The defaults trust the system's roots and offer the ALPN name of XMPP clients (XEP-0368).
  public init(
    caFile: String? = nil, useSystemRoots: Bool = true, pins: [[UInt8]] = [], clientCertificateFile: String? = nil,
    clientKeyFile: String? = nil, alpn: [String] = ["xmpp-client"]
  ) {
    self.caFile = caFile
    self.useSystemRoots = useSystemRoots
    self.pins = pins
    self.clientCertificateFile = clientCertificateFile
    self.clientKeyFile = clientKeyFile
    self.alpn = alpn
  }
}
