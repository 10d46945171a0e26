/// What is known of a session when it begins or goes on.
public struct SessionInfo: Sendable, Equatable {
  /// The full address that the server bound.
  public var jid: JID
  /// What names the session for resumption: a secret. nil if it cannot be resumed.
  public var id: String?
  /// Where the server wants the resumption, if it said so.
  public var location: String?
  /// How long the server keeps the session after a lost connection, if it said so.
  public var maximum: Duration?
  /// How the server confirms our stanzas.
  public var acknowledgement: AcknowledgementMethod

  /// What is known of a session.
  public init(
    jid: JID, id: String?, location: String?, maximum: Duration?, acknowledgement: AcknowledgementMethod
  ) {
    self.jid = jid
    self.id = id
    self.location = location
    self.maximum = maximum
    self.acknowledgement = acknowledgement
  }
}

extension SessionInfo: CustomStringConvertible {
  /// For people, without the secret.
  public var description: String { id == nil ? "\(jid)" : "\(jid), resumable" }
}

/// How a connection got its session.
public enum Established: Sendable, Equatable {
  /// An earlier session goes on: presence, rooms, carbons and pending requests are as they were. What the server had
  /// not confirmed has been written again.
  case resumed(SessionInfo)
  /// A new session: all counts start at 0, and the server knows nothing of presence, rooms or carbons.
  case new(SessionInfo)
}
