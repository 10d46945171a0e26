/// Finds the message that makes the server close the stream: the first one that was in flight in connection after connection
/// that the server closed. It is sent alone then, and if that ends the same way it is the one.
struct PoisonWatch: Sendable, Equatable {
  private var suspect: UInt64?
  private var strikes = 0
  private(set) var isConvicted = false

  /// After how many connections closed in a row messages are sent one at a time.
  private static let patience = 3

  /// Messages are sent one at a time.
  var isCautious: Bool { strikes >= Self.patience }

  /// The row that must not be sent again.
  var poison: UInt64? { isConvicted ? suspect : nil }

  /// The server closed a connection.
  /// - Parameter first: the first row that it had not acknowledged.
  mutating func closedByPeer(first: UInt64?) {
    guard let first else { return self = PoisonWatch() }
    guard first == suspect else {
      // Whoever is alone now follows one that was taken.
      let isStillCautious = isCautious
      self = PoisonWatch()
      suspect = first
      strikes = isStillCautious ? Self.patience : 1
      return
    }
    isConvicted = isCautious
    strikes += 1
  }

  /// The server has rows up to this sequence, or they are gone.
  mutating func passed(_ sequence: UInt64) {
    guard let suspect, suspect <= sequence else { return }
    self = PoisonWatch()
  }
}
