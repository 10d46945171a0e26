public import Mapping
public import XMPP

/// `[[account]]`: one XMPP login.
public struct AccountConfiguration: Sendable, Equatable {
  /// `name`: the level A of its topics; `[A-Za-z0-9_-]+`, unique, none of the reserved words.
  public var name: String
  /// `jid`: has a localpart; a resource, if there is one, is asked for when binding.
  public var jid: JID
  /// `password`, `password_file` or `password_env`; nil only with a client certificate.
  public var password: Secret?
  /// `client_cert`: the path of a PEM file with our certificate and its chain, for SASL EXTERNAL.
  public var clientCertificateFile: String?
  /// `client_key`: the path of a PEM file with its private key; nil: it is in the certificate's file.
  public var clientKeyFile: String?
  /// `host` and `port`: where the server is.
  public var server: XMPPServer
  /// `tls`: how the link is encrypted.
  public var tls: TLSMode
  /// `trust`: who may vouch for the server besides the system's roots.
  public var trust: TrustConfiguration
  /// `keepalive`: after so long a silence the server is asked for a sign of life.
  public var keepalive: Duration
  /// `rooms`: the rooms to be in; no two are the same.
  public var rooms: [RoomConfiguration]
  /// `allow` and `may_send`: who may talk to MQTT, and to whom MQTT may talk.
  public var access: AccessPolicy
  /// `status`: which statuses of sent messages are published.
  public var status: StatusSelection
  /// `binary`: what becomes of payloads that are not UTF-8.
  public var binary: BinaryMode

  /// An account with the defaults of the documentation where nothing else is given.
  public init(
    name: String, jid: JID, password: Secret?, clientCertificateFile: String? = nil, clientKeyFile: String? = nil,
    server: XMPPServer = .discovered, tls: TLSMode = .startTLS, trust: TrustConfiguration = TrustConfiguration(),
    keepalive: Duration = .seconds(30), rooms: [RoomConfiguration] = [], access: AccessPolicy = AccessPolicy(),
    status: StatusSelection = .all, binary: BinaryMode = .base64
  ) {
    self.name = name
    self.jid = jid
    self.password = password
    self.clientCertificateFile = clientCertificateFile
    self.clientKeyFile = clientKeyFile
    self.server = server
    self.tls = tls
    self.trust = trust
    self.keepalive = keepalive
    self.rooms = rooms
    self.access = access
    self.status = status
    self.binary = binary
  }
}

/// Where an XMPP server is.
public enum XMPPServer: Sendable, Hashable {
  /// Where the SRV records of the domain say (RFC 6120, section 3.2; XEP-0368), or else at the domain itself.
  case discovered
  /// At this name or address and port, without asking for records.
  case fixed(host: String, port: UInt16)
}

/// How the link to an XMPP server is encrypted.
public enum TLSMode: String, Sendable, CaseIterable {
  /// The stream begins in the clear and is encrypted before anything is said (RFC 6120, section 5).
  case startTLS = "starttls"
  /// TLS from the first byte (XEP-0368).
  case direct
  /// In the clear; only to this machine itself.
  case plaintext = "none"
}

/// Who may vouch for an XMPP server besides the system's roots.
public struct TrustConfiguration: Sendable, Equatable {
  /// `ca_file`: the path of a PEM file of certificates to trust.
  public var caFile: String?
  /// `pin_sha256`: SHA-256 digests, 32 bytes each, of leaf certificates in DER.
  public var pins: [[UInt8]]

  /// Trusts nobody besides the system's roots unless told so.
  public init(caFile: String? = nil, pins: [[UInt8]] = []) {
    self.caFile = caFile
    self.pins = pins
  }
}

/// Which statuses of sent messages are published.
public enum StatusSelection: String, Sendable, CaseIterable {
  /// Every status of every message.
  case all
  /// Those that a publisher asked for, and every failure.
  case asked
  /// Failures only.
  case failed
}

/// What becomes of an MQTT payload that is not UTF-8 text.
public enum BinaryMode: String, Sendable, CaseIterable {
  /// The body is its Base64 form.
  case base64
  /// It is not sent; its status is `failed`.
  case drop
}
