import TestSupport

/// Something that goes wrong once.
struct Fault {
  enum Kind: CaseIterable {
    /// The connection is reset, perhaps in the middle of a stanza.
    case streamCut
    /// Nothing arrives any more on the connection, and nobody is told.
    case streamStall
    case inboundCut
    case inboundStall
    case outboundCut
    case outboundStall
    /// Nothing can be reached for a while.
    case outage
    /// The broker is silent for a while.
    case brokerStall
    /// The broker restarts with what it had.
    case brokerRestart
    /// The broker forgets the bridge's session.
    case brokerAmnesia
    /// The server restarts without its sessions.
    case serverAmnesia
    /// The server closes the stream; the session stays.
    case streamClosed
    /// Another client takes the resource.
    case conflict
    /// The disk is slow for a while.
    case diskStall
    /// The bridge's process is killed.
    case crash
    /// The power goes: what was not flushed to disk may be gone.
    case powerCut
    /// The bridge is killed and its state file erased.
    case erasure
  }

  enum Trigger {
    case time(Duration)
    /// Before the bridge's so-manieth action.
    case action(Int)
  }

  var kind: Kind
  var trigger: Trigger
  /// For how long, of what lasts.
  var duration: Duration

  private static let weights: [(kind: Kind, weight: Int)] = [
    (.streamCut, 14), (.streamStall, 6), (.inboundCut, 8), (.inboundStall, 3), (.outboundCut, 8), (.outboundStall, 3),
    (.outage, 4), (.brokerStall, 6), (.brokerRestart, 6), (.brokerAmnesia, 2), (.serverAmnesia, 14), (.streamClosed, 4),
    (.conflict, 1), (.diskStall, 6), (.crash, 14), (.powerCut, 5), (.erasure, 2),
  ]

  init(_ random: inout SeededGenerator, span: Duration) {
    var place = random.below(Self.weights.reduce(0) { $0 + $1.weight })
    var kind = Kind.crash
    for entry in Self.weights {
      kind = entry.kind
      place -= entry.weight
      if place < 0 { break }
    }
    self.kind = kind
    trigger =
      random.chance(50)
      ? .time(.microseconds(random.below(Int(span / .microseconds(1)) + 1))) : .action(1 + random.below(120))
    duration = .milliseconds(1 + random.below([20, 1_000, 20_000][random.below(3)]))
  }
}
