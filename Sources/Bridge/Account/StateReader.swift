import Journal

/// What the start of an account reads of what an earlier process left behind.
protocol StateReader {
  /// The spool of that name, made if there is none.
  func spool(_ name: String) -> JournalSpool
  /// Rows of a spool after a sequence, the lowest first.
  func rows(
    of spool: JournalSpool, after sequence: UInt64, limit: Int, maxBytes: Int
  ) throws(JournalError) -> JournalPage
  /// The small records whose key begins with `prefix`, in order of key.
  func values(prefix: String) throws(JournalError) -> [(key: String, value: [UInt8])]
  /// The redelivery keys of a connection, in order of packet id.
  func redeliveryKeys(of connection: JournalSpool) throws(JournalError) -> [RedeliveryKey]
}

extension Journal: StateReader {}
