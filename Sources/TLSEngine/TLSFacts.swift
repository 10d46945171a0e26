/// What is known of a link once its handshake is done.
public struct TLSFacts: Sendable, Equatable {
  /// The protocol version as OpenSSL writes it: "TLSv1.3" or "TLSv1.2".
  public var version: String
  /// The cipher suite's name, such as "TLS_AES_256_GCM_SHA384".
  public var cipher: String
  /// SHA-256 of the server's certificate in DER: what a pin is compared with.
  public var leafSHA256: [UInt8]
  /// The channel bindings that are sound on this link, with their data.
  public var channelBindings: [ChannelBindingType: [UInt8]]

  /// Facts put together by hand, as tests of SASL do.
  public init(
    version: String, cipher: String, leafSHA256: [UInt8], channelBindings: [ChannelBindingType: [UInt8]]
  ) {
    self.version = version
    self.cipher = cipher
    self.leafSHA256 = leafSHA256
    self.channelBindings = channelBindings
  }
}
