import XMLStream
import XMPP

/// A message to the account, whichever way it came.
struct IncomingMessage: Sendable {
  /// The message itself, out of whatever it came in.
  var stanza: XMLElement
  /// Its type.
  var type: MessageType
  /// Its sender, if that has been read already.
  var sender: JID?
  /// The archive that it came from, or that should have it.
  var archive = Archive.account
  /// Its id in that archive, if that is trusted.
  var archiveID: String?
  /// When the archive got it, for one that came from there; in milliseconds since 1970.
  var archivedAt: Int64?
  /// It is the copy of another client's message.
  var carbon: MessageCarbons.Direction?
}
