import XMPP

/// What is left of an account's machine that was stopped since the journal failed: the facts about both far sides that the
/// journal may have missed. Everything else about the account is read from the journal again.
struct AccountRemains: Sendable {
  /// Where the broker's answers arrive.
  var mailbox: AccountMailbox
  /// What the broker was given.
  var handedOut: HandedOut
  /// What the server has acknowledged, among other things.
  var record: SessionRecord
  /// What has happened so far.
  var counters = AccountCounters()
}

extension SessionRecord {
  /// Takes over what the server is known to have. A machine's record knows more of that than the journal, and all else in
  /// it may never have been written.
  mutating func learn(from last: SessionRecord) {
    if stream?.id == last.stream?.id, stream != nil {
      acknowledged = max(acknowledged, last.acknowledged)
      controls.removeAll { $0.sequence <= last.acknowledged }
      trimmed = max(trimmed, last.trimmed)
    } else {
      // The stream that the journal knows of was lost.
      trimmed = max(trimmed, last.trimmed)
      numbered = max(numbered, last.trimmed)
      forgetStream()
    }
  }
}
