import Delivery
import XMPP

/// What a new session needs before it is whole, in this order: the roster, so that people can be judged; what the archive
/// knows of messages that an earlier stream sent and saw no acknowledgement for; what the archive has that no stream
/// delivered; presence, with which the server starts to deliver; and what fell between the last page and that.
struct SessionSetup: Sendable {
  enum Stage: Sendable, Equatable {
    /// There is no session.
    case none
    /// The roster and what the account has are asked for.
    case asking
    /// The archive is searched for messages of ours.
    case lookingUp
    /// The archive's pages are taken in.
    case catchingUp
    /// Presence is out. The archive's last page is taken in, and live messages wait behind it.
    case closing
    /// Messages come live.
    case done
  }

  var stage = Stage.none
  var hasRoster = false
  /// It is known whether there is an archive.
  var knowsArchive = false
  /// How many requests went without an answer.
  var silences = 0
  /// The reading of the archive that is under way.
  var reading: ArchiveReading?
  /// Messages of ours that the archive has, by `MessageMemory.key`.
  var found: Set<UInt64> = []
  /// Live messages that came while the last page was read.
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
  /// A page of the archive (XEP-0313).
  case page
  /// Nothing yet: the time after which a page that failed is asked for again.
  case pageAgain
}
