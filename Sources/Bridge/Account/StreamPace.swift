import XMPPClient

/// Reads from a server that is faster than the broker in bursts: TCP holds it back while the spool is crowded. A broker that
/// takes nothing at all does not keep the stream from being heard: there is a burst after each rest.
struct StreamPace {
  /// Until then nothing is read.
  private(set) var deadline: Duration?

  /// 64 KiB are read in between: enough that nothing piles up at the server.
  private static let rest = Duration.milliseconds(50)

  /// Looks whether the stream has to rest, or has rested.
  mutating func look(isCrowded: Bool, _ connection: XMPPConnection?, now: Duration) {
    if let end = deadline, isCrowded {
      guard now >= end else { return }
      connection?.readOnce()
    }
    connection?.rest(isCrowded)
    deadline = isCrowded ? now + Self.rest : nil
  }
}
