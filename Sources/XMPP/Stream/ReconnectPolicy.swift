/// Why a connection of an account came to its end, or never came to be.
public enum ConnectionEnd: Error, Sendable, Equatable, CustomStringConvertible {
  /// There was no server to talk to; the text says what was tried.
  case unreachable(String)
  /// A server was there, and its certificate is not to be trusted.
  case untrusted(String)
  /// The session says why.
  case session(SessionEnd)

  /// A sentence for people, without a full stop. Holds nothing secret.
  public var description: String {
    switch self {
    case .unreachable(let text): text
    case .untrusted(let text): "the server is not trusted: \(text)"
    case .session(let end): end.description
    }
  }

  /// Whether the server closed the stream for something that it was sent; see ``SessionEnd/isRefusal``.
  public var isRefusal: Bool {
    switch self {
    case .session(let end): end.isRefusal
    case .unreachable, .untrusted: false
    }
  }
}

/// When to connect again.
///
/// A link that worked and broke is tried again at once, a few times in a row; after that the waits grow, and each is a
/// random part of its limit ("full jitter"), so that a thousand accounts do not come back in the same second. What time alone does not mend
/// is tried more slowly: a refused login, a certificate, a resource that somebody else uses.
public struct ReconnectPolicy: Sendable, Equatable {
  /// Limits of a series of waits: the first, doubled each time up to the last.
  private struct Series {
    var first: Duration
    var last: Duration

    func limit(_ number: Int) -> Duration { min(first * (1 << min(number, 16)), last) }
  }

  private static let ordinary = Series(first: .seconds(1), last: .seconds(60))
  private static let distrust = Series(first: .seconds(10), last: .seconds(60))
  private static let conflict = Series(first: .seconds(60), last: .seconds(600))
  private static let refusal = Duration.seconds(60)
  /// How long a session must have lived to show that all is well.
  private static let settled = Duration.seconds(60)
  /// How long one must have lived to show that nobody else wants its resource.
  private static let undisputed = Duration.seconds(3600)

  /// So many links may break young, one after the other, and be tried again without a wait: a flapping network is worth
  /// it, a server that throws us out each time is not.
  private static let patience = 5

  /// Attempts without a wait since a session last lived for a while.
  private var attemptsAtOnce = 0
  /// Waits since then.
  private var waits = 0
  private var conflicts = 0

  /// A policy for an account that has not been connected yet.
  public init() {}

  /// How long to wait after a connection ended.
  /// - Parameters:
  ///   - end: why it ended.
  ///   - lived: for how long it carried stanzas; nil if it never did.
  ///   - random: a random number from 0 up to, but not including, 1.
  /// - Returns: nil if there is nothing to wait for, because it was us who wanted it to end.
  public mutating func delay(after end: ConnectionEnd, lived: Duration?, random: Double) -> Duration? {
    if let lived, lived >= Self.settled { (attemptsAtOnce, waits) = (0, 0) }
    if let lived, lived >= Self.undisputed { conflicts = 0 }
    switch end {
    case .session(.loggedOut), .session(.parked): return nil
    case .session(.conflict):
      // Whoever took the resource is to keep it for at least this long.
      defer { conflicts += 1 }
      return Self.conflict.limit(conflicts) * (1 + random / 4)
    case .session(.notAuthorized), .session(.accountDisabled), .session(.credentialsExpired),
      .session(.authenticationFailed):
      return Self.refusal * (1 + random / 2)
    case .session where lived != nil && attemptsAtOnce < Self.patience:
      attemptsAtOnce += 1
      return .zero
    case .untrusted, .session(.noTLS):
      defer { waits += 1 }
      return Self.distrust.limit(waits) * random
    case .unreachable, .session:
      defer { waits += 1 }
      return Self.ordinary.limit(waits) * random
    }
  }
}
