/// A real XMPP server of a test: domain `localhost`, one plain port on 127.0.0.1.
public protocol XMPPServer: TestServer {
  /// Port of client streams, with STARTTLS if there is a certificate.
  var port: Int { get }
  /// Port of client streams over TLS; nil without one.
  var directTLSPort: Int? { get }
  /// Port of components; nil without one.
  var componentPort: Int? { get }
  /// Makes thousands of further users with the password of `user`, who is one already; they have no contacts.
  func addCrowd(_ names: [String], like user: TestUser) async throws
}

extension XMPPServer {
  /// The domain of its users.
  public var domain: String { "localhost" }
  /// The bare JID of a user.
  public func jid(_ user: TestUser) -> String { "\(user.name)@\(domain)" }
}

/// The servers that every scenario runs against.
public enum XMPPServerKind: String, Sendable, CaseIterable, CustomStringConvertible {
  /// Prosody, as Debian packages it.
  case prosody = "Prosody"
  /// ejabberd, as Debian packages it.
  case ejabberd = "ejabberd"

  /// Its name.
  public var description: String { rawValue }

  /// Starts a server of this kind; returns when its users can log in.
  public func start(_ options: XMPPServerOptions = .init()) async throws -> any XMPPServer {
    switch self {
    case .prosody: try await ProsodyServer.start(options)
    case .ejabberd: try await EjabberdServer.start(options)
    }
  }
}
