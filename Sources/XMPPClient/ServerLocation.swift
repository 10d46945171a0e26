public import XMPP

/// Where an account's server is, as far as the configuration says.
public struct ServerLocation: Sendable, Hashable {
  /// How the link is protected.
  public typealias Security = ClientSession.Configuration.Security

  /// The domain of the account.
  public var domain: String
  /// The host to connect to instead of what the DNS says.
  public var host: String?
  /// The port there; nil for the usual one. Without a host it is the port of the domain's own host.
  public var port: Int?
  /// How the link is protected. With `startTLS` the DNS may name places with direct TLS as well, which are as good.
  public var security: Security

  /// A location.
  public init(domain: String, host: String? = nil, port: Int? = nil, security: Security = .startTLS) {
    self.domain = domain
    self.host = host
    self.port = port
    self.security = security
  }

  /// The name to find in the server's certificate, whatever host serves the domain (RFC 6120 §13.7.2.1): the domain
  /// with A-labels, or the address that it is; nil for a domain that the DNS cannot know.
  public var serverName: String? { AsciiDomain.address(domain) ?? AsciiDomain.name(domain) }

  /// The place that the configuration, or the domain as a host name, stands for.
  func endpoint(host: String) -> XMPPEndpoint {
    let isDirectTLS = security == .directTLS
    return XMPPEndpoint(
      host: host, port: port ?? XMPPEndpoint.usualPort(isDirectTLS: isDirectTLS), isDirectTLS: isDirectTLS)
  }
}
