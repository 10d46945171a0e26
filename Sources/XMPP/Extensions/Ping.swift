import XMLStream

/// XMPP Ping (XEP-0199).
public enum Ping {
  /// Asks for a sign of life.
  /// - Parameters:
  ///   - id: what ties the answer to it.
  ///   - recipient: who shall answer; nil for the account's own server.
  ///   - sender: only for components, which have to say who they are.
  public static func request(id: String, to recipient: JID?, from sender: JID? = nil) -> [UInt8] {
    IQ.request(.get, id: id, to: recipient, from: sender) { writer in
      writer.open("ping", namespace: Namespace.ping)
      writer.close()
    }
  }
}
