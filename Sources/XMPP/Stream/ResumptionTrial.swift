import XMLStream

/// The time between a resumption and the first sign that the server hears us on the resumed stream.
///
/// A connection that is cut in the middle of a stanza leaves half of it in the server's parser, and Prosody 0.12 feeds a
/// resumed stream to the parser of the old connection: it complains at once, or swallows everything that follows as
/// children of the half stanza. Nothing of that is ever handled, so nothing of ours is lost; but what such a session
/// delivers cannot be acknowledged, and comes again by another way. So it is held until an acknowledgement has come.
struct ResumptionTrial: Sendable {
  /// What the server sent meanwhile, with its numbers.
  private(set) var held: [(element: XMLElement, number: UInt64)] = []
  /// An acknowledgement came that confirms nothing new. That alone proves nothing: Prosody also sends one right before
  /// the stream error with which it gives the session up, so it counts only if nothing follows it in the same read.
  var isAnswered = false
  /// When the silence has lasted too long.
  let deadline: Duration

  /// - Parameter deadline: as for any other answer.
  init(deadline: Duration) {
    self.deadline = deadline
  }

  /// Keeps a stanza until the trial is passed.
  mutating func hold(_ element: XMLElement, number: UInt64) {
    held.append((element, number))
  }
}
