public import XMLStream

extension ClientSession {
  /// What the owner of a session has to do, in the order in which the session says so.
  public enum Action: Sendable, Equatable {
    /// Write these bytes to the socket, or into its TLS.
    case write([UInt8])
    /// Hand the socket to TLS. Bytes that came behind the element that led here are an attack: refuse them.
    case startTLS
    /// A new stream begins: feed a new parser from here on. The element that led here was the old parser's last.
    case resetParser
    /// Compute these keys, off the event loop, and call ``ClientSession/derived(_:now:)``.
    case deriveKeys(SCRAMKeyRequest)
    /// Close the TCP connection once all that was written is out.
    case close
    /// Stanzas can go out.
    indirect case established(Established)
    /// A stanza came. Its number is the server's count in this session; 0 for one that came before the server began to
    /// count, of which nothing is owed.
    case stanza(XMLElement, number: UInt64)
    /// The server has every stanza of ours up to this sequence.
    case acknowledged(upTo: UInt64)
    /// The session is gone for good, and with it the numbers of these stanzas, which the server did not confirm. Every
    /// session that was established, or handed over by an earlier process, ends with exactly one of these; another one
    /// brings back stanzas that were to be sent while there was no session at all.
    case lost(unacknowledged: [OutboundStanza])
    /// The connection ended; this comes once for each. Unless ``ClientSession/Action/lost(unacknowledged:)`` came before
    /// it, the session can be resumed.
    indirect case ended(SessionEnd)
  }
}
