public import XMLStream

/// Why a connection of a session ended.
public enum SessionEnd: Error, Sendable, Equatable {
  /// The server refused the credentials.
  case notAuthorized(String)
  /// The server has switched the account off.
  case accountDisabled(String)
  /// The password has run out.
  case credentialsExpired(String)
  /// The server could not check the credentials for now.
  case temporaryAuthenticationFailure(String)
  /// There is no login for another reason: no mechanism that both sides accept, a server that cannot prove that it
  /// knows the password, a failure that RFC 6120 §6.5 lists and that none of the above names.
  case authenticationFailed(String)
  /// The link has to be encrypted and the server does not do it.
  case noTLS
  /// The TLS handshake failed, or the certificate is not to be trusted.
  case tls(String)
  /// The server does not bind a resource.
  case bindingRefused(StanzaError)
  /// Another session took the resource, or the server replaced this one (RFC 6120 §4.9.3.3). Logging in again at once
  /// would only throw the other one out.
  case conflict
  /// The server ended the stream with this error; the text is the server's, of `see-other-host` the host.
  case streamError(condition: String, text: String?)
  /// We ended the stream because the server broke the protocol; the condition is what it was told.
  case violation(condition: String, reason: String)
  /// We ended the stream because the server said in Stream Management what cannot be; its
  /// session is given up.
  case streamManagement(StreamManagementError)
  /// We ended the stream because its bytes are no XML that we take; its session is given up.
  case xml(XMLStreamError)
  /// The server did not answer in time; the text says what was waited for.
  case timeout(String)
  /// The server closed the stream.
  case peerClosed
  /// The connection is gone without a word.
  case ioLost
  /// We closed the stream, and with it the session.
  case loggedOut
  /// We dropped the connection to come back to the session later.
  case parked
}

extension SessionEnd: CustomStringConvertible {
  /// A sentence for people, without a full stop. Holds nothing secret.
  public var description: String {
    switch self {
    case .notAuthorized(let text): Self.sentence("the server refuses the credentials", text)
    case .accountDisabled(let text): Self.sentence("the account is disabled", text)
    case .credentialsExpired(let text): Self.sentence("the password has expired", text)
    case .temporaryAuthenticationFailure(let text): Self.sentence("the server cannot check the credentials now", text)
    case .authenticationFailed(let text): Self.sentence("login failed", text)
    case .noTLS: "the server offers no encryption (STARTTLS), which is required"
    case .tls(let text): Self.sentence("TLS failed", text)
    case .bindingRefused(let error): Self.sentence("the server binds no resource", error.description)
    case .conflict: "another session took this one's place"
    case .streamError("see-other-host", let host?): "the server sends us to another host: \(host)"
    case .streamError(let condition, let text):
      Self.sentence("the server ended the stream with \(condition)", text ?? "")
    case .violation(let condition, let reason): "the server broke the protocol (\(condition)): \(reason)"
    case .streamManagement(let error): error.description
    case .xml(let error): "the server sent what no stream may contain: \(error)"
    case .timeout(let what): "the server did not answer in time: \(what)"
    case .peerClosed: "the server closed the stream"
    case .ioLost: "the connection was lost"
    case .loggedOut: "logged out"
    case .parked: "parked"
    }
  }

  private static func sentence(_ what: String, _ detail: String) -> String {
    detail.isEmpty ? what : "\(what): \(detail)"
  }
}

extension SessionEnd {
  /// What the server's stream error means here.
  init(_ error: StreamError) {
    self = error.condition == "conflict" ? .conflict : .streamError(condition: error.condition, text: error.text)
  }

  /// What a failed authentication means: a condition of RFC 6120 §6.5 and the server's words.
  init(saslCondition condition: String, text: String) {
    switch condition {
    case "not-authorized": self = .notAuthorized(text)
    case "account-disabled": self = .accountDisabled(text)
    case "credentials-expired": self = .credentialsExpired(text)
    case "temporary-auth-failure": self = .temporaryAuthenticationFailure(text)
    default: self = .authenticationFailed(Self.sentence(condition, text))
    }
  }

  /// The stream error with which we say goodbye; nil where the server is not at fault.
  var streamError: StreamError? {
    switch self {
    case .violation(let condition, let reason): StreamError(condition, text: reason)
    case .streamManagement(let error): error.streamError
    case .xml(let error): StreamError(error.condition.rawValue, text: error.reason)
    default: nil
    }
  }

  /// Whether the stream may still be closed in an orderly way when this has happened.
  ///
  /// A close ends the session, so it must not be sent where the session is meant to live on; and where encryption is
  /// missing nothing more is said in clear.
  var closesStream: Bool {
    switch self {
    case .noTLS, .tls, .timeout, .ioLost, .parked, .loggedOut: false
    default: true
    }
  }

  /// Whether an established session is over for good when this happens to it, so that there is nothing to resume.
  ///
  /// After the server's own stream error or close a resumption is still tried: the refusal may tell what the server
  /// has, which saves sending that again. A stanza that we cannot read would only come again.
  var endsSession: Bool {
    switch self {
    case .conflict, .violation, .streamManagement, .xml, .loggedOut: true
    default: false
    }
  }

  /// Whether the server closed the stream for something that it was sent, as far as can be told: not because it shuts
  /// down, has too much to do, or has another session in this one's place.
  public var isRefusal: Bool {
    switch self {
    case .peerClosed: true
    case .streamError(let condition, _):
      ![
        "conflict", "connection-timeout", "host-gone", "reset", "resource-constraint", "see-other-host",
        "system-shutdown",
      ].contains(condition)
    default: false
    }
  }
}
