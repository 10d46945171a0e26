import Platform

/// How an account leaves, and when it stops waiting.
struct Leaving {
  enum Step {
    /// Nothing new is read or published; what is under way is finished.
    case finishing
    /// What was taken in is put on disk, so that the last `<a/>` can say so. Stanzas that come now are left to the server.
    case securing
    /// The stream is being closed or parked.
    case closing
    /// The last commit is on its way to the disk.
    case syncing
  }

  var parks: Bool
  private(set) var step = Step.finishing
  private(set) var deadline: Duration
  let done: () -> Void

  /// For how long each step may last.
  private static let patience = Duration.seconds(5)

  init(parks: Bool, now: Duration, done: @escaping () -> Void) {
    self.parks = parks
    self.done = done
    deadline = now + Self.patience
  }

  mutating func go(to step: Step, now: Duration) {
    self.step = step
    deadline = now + Self.patience
  }

  /// Whether a stanza that comes now is still taken.
  var takesStanzas: Bool {
    switch step {
    case .finishing: true
    case .securing, .closing, .syncing: false
    }
  }
}
