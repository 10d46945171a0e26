/// All that is needed to take a session up again after its TCP connection, or the process, is gone (XEP-0198 §5).
///
/// Counts have 64 bits and never wrap; on the wire they are taken modulo 2^32.
public struct ResumableSession: Sendable, Equatable {
  /// The full address that the server bound.
  public var jid: JID
  /// What the server calls the session: `<enabled id=…/>`. Whoever is logged in to the account can take it over with
  /// this, so it is a secret.
  public var id: String
  /// `host`, `host:port` or `[address]:port` where the server wants the resumption, if it said so.
  public var location: String?
  /// How long the server keeps the session after the connection is lost, if it said so. Only a hint: a resumption that
  /// comes too late may still tell what the server has.
  public var maximum: Duration?
  /// How many of the server's stanzas are in our custody: the `h` of the next `<resume/>`.
  public var inbound: UInt64
  /// How many of our stanzas the server has acknowledged.
  public var outbound: UInt64
  /// The stanzas after those, in their order.
  public var unacknowledged: [OutboundStanza]

  /// A session put together from what was stored of it.
  public init(
    jid: JID, id: String, location: String? = nil, maximum: Duration? = nil, inbound: UInt64, outbound: UInt64,
    unacknowledged: [OutboundStanza]
  ) {
    self.jid = jid
    self.id = id
    self.location = location
    self.maximum = maximum
    self.inbound = inbound
    self.outbound = outbound
    self.unacknowledged = unacknowledged
  }
}

extension ResumableSession: CustomStringConvertible {
  /// For people, without the secret.
  public var description: String {
    "\(jid), \(inbound) in, \(outbound) out, \(unacknowledged.count) unacknowledged"
  }
}
