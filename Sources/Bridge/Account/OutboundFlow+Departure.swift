import Delivery
import XMPP

extension OutboundFlow {
  /// What may leave, and what must not.
  struct DepartureTerms: Sendable {
    /// How many more stanzas the stream may hold unacknowledged.
    var room: Int
    /// Until how many bytes of messages are unacknowledged the next may leave.
    var maxBytes: Int
    /// Rows have to wait, since the archive is still being asked about them.
    var holdsRows = false
    /// One row at a time, since one of them is suspected.
    var isCautious = false
    /// What archives have, by `MessageMemory.key`.
    var found: Set<UInt64> = []
    /// The row that closed connection after connection.
    var poison: UInt64?
    /// What keeps rows from rooms, by the status topic of their messages.
    var obstacles: [String: Obstacle] = [:]
    /// How old a row may get.
    var expiry: Expiry

    func obstacle(of row: StanzaRow) -> Obstacle? {
      obstacles.isEmpty ? nil : row.origin.flatMap { obstacles[$0.statusTopic] }
    }
  }

  /// What keeps a message from a room. A row that waits holds up those behind it.
  enum Obstacle: Sendable, Equatable {
    /// The account is about to enter the room: its messages wait.
    case absence
    /// The room's archive is being asked for messages that a lost stream had sent: those wait.
    case doubt
    /// The account is not in the room, and this is why: its messages fail.
    case refusal(String)
  }

  /// What leaves.
  struct Departure: Sendable, Equatable {
    /// Stanzas with their numbers.
    var stanzas: [OutboundStanza] = []
    /// Rows that the server has already: an archive showed them.
    var found: [StanzaRow] = []
    /// Rows that waited too long.
    var expired: [StanzaRow] = []
    /// Rows that their rooms do not take.
    var refused: [Refused] = []
    /// The row that no server takes.
    var poison: StanzaRow?

    struct Refused: Sendable, Equatable {
      var row: StanzaRow
      var reason: String
      /// An earlier stream had sent it, and nobody knows what became of that.
      var mayHaveArrived: Bool
    }

    /// Rows that are gone from the spool.
    var omitted: [UInt64] {
      (found + expired + refused.map(\.row)).map(\.sequence) + (poison.map { [$0.sequence] } ?? [])
    }
    var isEmpty: Bool {
      stanzas.isEmpty && found.isEmpty && expired.isEmpty && refused.isEmpty && poison == nil
    }
  }
}
