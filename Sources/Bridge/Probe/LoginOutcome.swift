import MQTTClient
import XMPP

/// How an attempt to log in ended.
public enum LoginOutcome: Sendable, Equatable {
  /// The server let us in.
  case loggedIn
  /// The server answered and did not let us in; why, as a sentence without a full stop.
  case refused(String)
  /// There was no server to answer, or none that could be trusted; why, as a sentence without a full stop.
  case unreachable(String)
}

extension LoginOutcome {
  /// What it means for a login that an account's connection ended before there was a session.
  init(_ end: ConnectionEnd) {
    switch end {
    case .unreachable, .untrusted: self = .unreachable(end.description)
    case .session(let session):
      switch session {
      case .notAuthorized, .accountDisabled, .credentialsExpired, .temporaryAuthenticationFailure,
        .authenticationFailed, .bindingRefused, .conflict, .streamError:
        self = .refused(end.description)
      case .noTLS, .tls, .violation, .streamManagement, .xml, .timeout, .peerClosed, .ioLost, .loggedOut, .parked:
        self = .unreachable(end.description)
      }
    }
  }

  /// What it means for a login that there is no connection to the broker.
  init(_ reason: MQTTDisconnectReason) {
    switch reason {
    case .badCredentials, .notAuthorized, .refused: self = .refused(reason.description)
    case .unreachable(let text): self = .unreachable(text)
    case .tls, .noAnswer, .closedByPeer, .closedByBroker, .keepaliveExpired, .protocolViolation, .system,
      .suspended, .left:
      self = .unreachable(reason.description)
    }
  }
}
