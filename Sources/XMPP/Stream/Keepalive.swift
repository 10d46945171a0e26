/// Tells a quiet link from a dead one.
///
/// After some silence the peer is asked for a sign of life, and a question without an answer means that the link is
/// dead. Questions asked for another reason (an `<r/>` behind stanzas) count likewise.
public struct Keepalive: Sendable, Equatable {
  /// What is to be done at a given time.
  public enum Verdict: Sendable, Equatable {
    /// Nothing.
    case wait
    /// It has been silent for long: ask.
    case ask
    /// The peer did not answer: the link is dead.
    case dead
  }

  /// How many times the usual patience a peer gets that still sends, only not the answer: it may have to work off a
  /// backlog on a slow link first, and a new connection would not make that shorter.
  private static let patience = 4

  private let silence: Duration
  private let deadAfter: Duration
  private let deadAtLast: Duration
  private var heardAt: Duration
  private var askedAt: Duration?

  /// Starts listening.
  /// - Parameters:
  ///   - silence: after how long without a sign the peer is asked.
  ///   - deadAfter: for how long an answer may be outstanding.
  public init(silence: Duration, deadAfter: Duration, now: Duration) {
    self.silence = silence
    self.deadAfter = deadAfter
    deadAtLast = deadAfter * Self.patience
    heardAt = now
  }

  /// Something came, whatever it was.
  public mutating func heard(at now: Duration) { heardAt = now }

  /// A question is being sent.
  public mutating func asked(at now: Duration) {
    if askedAt == nil { askedAt = now }
  }

  /// No question is open any more.
  public mutating func answered() { askedAt = nil }

  /// When to look again.
  public var deadline: Duration {
    guard let askedAt else { return heardAt + silence }
    return min(max(askedAt, heardAt) + deadAfter, askedAt + deadAtLast)
  }

  /// What is to be done now.
  public func verdict(at now: Duration) -> Verdict {
    guard now >= deadline else { return .wait }
    return askedAt == nil ? .ask : .dead
  }
}
