import Delivery
import Journal
import XMPP

/// What takes place when a commit comes back from the journal, and not before.
struct CommitEffects: Sendable {
  /// The commit's own number.
  var ticket: UInt64 = 0
  /// The stream that `stanzas` are numbered in.
  var generation: UInt64 = 0
  /// What the commit holds: kept here too, so that the thread that made it frees it, and no other. See `InboundFlow`.
  var operations: [JournalOperation] = []
  /// Numbered stanzas that may now go to the socket.
  var stanzas: [OutboundStanza] = []
  /// Refused messages: safe, since their `failed` status is journaled.
  var settled: [Ledger.Position] = []
  /// The last row of the inbound spool that the commit holds.
  var inboundSequence: UInt64 = 0
  /// The last inbound stanza whose effects the commit holds.
  var inboundStanza: UInt64 = 0
  /// Set if the commit also syncs the journal.
  var synced: Synced?

  /// Up to where a synced journal has taken custody.
  struct Synced: Sendable {
    /// Of what the in connection has read.
    var read: Ledger.Position
    /// Of what the stream has delivered.
    var taken: Ledger.Position
    /// A connection to the server waits for this sync.
    var connects: Bool
  }
}
