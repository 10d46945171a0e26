import MQTT

/// What the machines of an account have handed to the broker in this process, so that one that was put together anew from
/// the journal publishes nothing twice: the journal may never have heard of an answer.
///
/// A publish's token is the sequence of its row. Rows go out in the order of their sequence, and while the process lives
/// no sequence is used again.
struct HandedOut: Sendable, Equatable {
  /// The highest token that was handed out; 0 for none.
  private(set) var last: UInt64 = 0
  /// Up to here it was an earlier machine that did it.
  private var inherited: UInt64 = 0
  /// Those of an earlier machine that the broker has not answered.
  private var unanswered: Set<UInt64> = []

  /// Sorts what the machine wants to publish.
  /// - Returns: what has to go out; and the answers to what went out before and was answered. What went out before and
  ///   was not answered is in neither: its answer is still to come.
  mutating func handOut(_ publishes: [OutboundPublish]) -> (new: [OutboundPublish], answered: [PublishResult]) {
    last = max(last, publishes.last?.token ?? 0)
    guard publishes.contains(where: wentOut) else { return (publishes, []) }
    let answered = publishes.filter { wentOut($0) && !unanswered.contains($0.token) }
    return (
      publishes.filter { !wentOut($0) }, answered.map { PublishResult(token: $0.token, outcome: .accepted(.success)) }
    )
  }

  /// A status that is in no row has no token, and is never the same as another.
  private func wentOut(_ publish: OutboundPublish) -> Bool { publish.token > 0 && publish.token <= inherited }

  /// The broker has answered.
  mutating func answered(_ results: [PublishResult]) {
    guard !unanswered.isEmpty else { return }
    for result in results { unanswered.remove(result.token) }
  }

  /// What the next machine has to know.
  /// - Parameter unanswered: what this one handed out, or took for handed out, without an answer.
  func inherited(unanswered: some Sequence<UInt64>) -> HandedOut {
    var next = HandedOut()
    next.last = last
    next.inherited = last
    next.unanswered = self.unanswered.union(unanswered)
    return next
  }
}
