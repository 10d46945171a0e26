/// How the far side of a stream is made to confirm what was written to it.
public enum AcknowledgementMethod: Sendable, Equatable {
  /// Stream Management (XEP-0198): `<r/>` is answered by `<a h=…/>`.
  case streamManagement
  /// XEP-0199: a ping to the server behind the stanzas. A server works on a stream in order (RFC 6120 §10.1), so the
  /// answer, even an error, says that it has taken all that was written before.
  /// - Parameters:
  ///   - sender: the `from` of the ping, which a component must give and a client leaves out.
  ///   - server: the server's domain.
  ///   - idPrefix: what the pings' ids begin with; fresh for each connection, so that nobody can guess them.
  case ping(from: JID?, server: JID, idPrefix: String)
}
