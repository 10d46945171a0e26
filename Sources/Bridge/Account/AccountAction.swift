import Delivery
import Journal
import MQTT
import XMPP

/// What an account's machine wants done. Values only: the driver runs them, a test compares them.
enum AccountAction: Sendable, Equatable {
  /// Write to the journal, and put it on disk if `sync`; `AccountCore.committed` gets the ticket back.
  case commit(ticket: UInt64, [JournalOperation], sync: Bool)
  /// Read rows of a spool back; `AccountCore.loadedOutbound` or `loadedInbound` gets them.
  case loadOutbound(SpoolWindow<StanzaRow>.Load)
  case loadInbound(SpoolWindow<PublishRow>.Load)
  /// Hand these to the stream: their numbers are committed.
  case send([OutboundStanza])
  /// Custody is taken of all inbound stanzas up to this count.
  case handled(upTo: UInt64)
  /// Everything journaled is on disk: a connection may be opened, and a `<resume/>` may say this `h`.
  case mayConnect(inbound: UInt64)
  /// Publish these on the shared out connection.
  case publish([OutboundPublish])
  /// Everything the in connection has read up to this index is safe.
  case release(upTo: UInt64)
  /// Read nothing more from the in connection until everything read is safe.
  case pauseReading
  /// The in connection may be opened.
  case openInbound
  /// Drop the in connection without acknowledging, and stay away: the broker keeps what comes.
  case suspendInbound
  /// Come back to the broker.
  case resumeInbound
  /// Park the stream: the server keeps what comes.
  case parkStream
  /// Give a retained topic its value; nothing clears it.
  case retain(topic: String, payload: [UInt8])
  /// What does not work although the account is online; nil: nothing. It is told in `E/state`.
  case limitation(String?)
  /// Tell people.
  case report(Report)
}

/// Something people should know: it goes to the log, to `P/bridge/event` and, for a fault, to a counter.
struct Report: Sendable, Equatable {
  enum Level: String, Sendable {
    case debug, info, notice, warning, error
  }

  var level: Level
  /// A stable word for the kind of event: `connected`, `resumed`, `not-allowed`, …
  var event: String
  /// A sentence, without secrets and without message bodies.
  var detail: String
}
