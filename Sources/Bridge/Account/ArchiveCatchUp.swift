import XMPP

/// Whose archive it is (XEP-0313).
enum Archive: Sendable, Hashable {
  /// The account's own.
  case account
  /// That of a room, by its bare address.
  case room(JID)
}

/// What is done with one archive when a session begins, in this order: it is asked for messages of ours that an earlier
/// stream sent and saw no acknowledgement for; what no stream delivered is taken in; and then what fell between the last
/// page and the live messages.
struct ArchiveCatchUp: Sendable {
  enum Stage: Sendable, Equatable {
    /// Nothing is asked, or not yet.
    case idle
    /// The archive is searched for messages of ours.
    case lookingUp
    /// The archive's pages are taken in.
    case catchingUp
    /// Live messages come. The archive's last page is taken in, and they wait behind it.
    case closing
  }

  var stage = Stage.idle
  /// The reading that is under way.
  var reading: ArchiveReading?
  /// How many requests of this session went without an answer.
  var silences = 0

  /// So many requests of a session may go without an answer before the archive is done without.
  static let patience = 3
}
