import Delivery
import XMPP

/// What a new session needs before it is whole, in this order: the roster, so that people can be judged; what the archive
/// knows (`ArchiveCatchUp`); and presence, with which the server starts to deliver.
struct SessionSetup: Sendable {
  enum Stage: Sendable, Equatable {
    /// There is no session.
    case none
    /// The roster and what the account has are asked for.
    case asking
    /// The archive is read.
    case reading
    /// Messages come live.
    case done
  }

  var stage = Stage.none
  var hasRoster = false
  /// It is known whether there is an archive.
  var knowsArchive = false
  /// What is done with the account's own archive.
  var archive = ArchiveCatchUp()
  /// Messages of ours that an archive has, by `MessageMemory.key`.
  var found: Set<UInt64> = []
  /// Live messages that came while the last page of an archive was read.
  var waiting: [(stanza: InboundStanza, position: Ledger.Position?)] = []
}

/// What the account itself asks.
enum OwnRequest: Sendable, Equatable {
  /// The contacts (RFC 6121 §2.1.3).
  case roster
  /// What the account's own server keeps for it (XEP-0030).
  case accountInfo
  /// Copies of what other clients send and receive (XEP-0280).
  case carbons
  /// A page of an archive (XEP-0313).
  case page(Archive)
  /// Nothing yet: the time after which a page that failed is asked for again.
  case pageAgain(Archive)
  /// Something about a room.
  case room(JID, RoomRequest)
}
