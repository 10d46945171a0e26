import XMPP

/// A receipt (XEP-0184) that a sender is owed as soon as our `h` covers the message, for then we have it for good.
struct PendingReceipt: Sendable, Equatable {
  /// The message's number in its stream; 0 once that does not matter any more, since the journal on disk has it.
  var stanza: UInt64
  /// Its row in the inbound spool.
  var row: UInt64
  /// What to say, and to whom.
  var receipt: PublishRow.Receipt
}
