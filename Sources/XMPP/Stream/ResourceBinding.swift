import XMLStream

/// Resource binding (RFC 6120 §7).
enum ResourceBinding {
  /// Asks for a resource, or has the server choose one.
  static func request(id: String, resource: String?) -> [UInt8] {
    IQ.request(.set, id: id, to: nil) { writer in
      writer.open("bind", namespace: Namespace.bind)
      if let resource {
        writer.open("resource")
        writer.text(resource)
        writer.close()
      }
      writer.close()
    }
  }

  /// The full address that the server bound; nil if the result holds none.
  static func jid(in result: IQ) -> JID? {
    guard let text = result.element.child("bind", in: Namespace.bind)?.child("jid", in: Namespace.bind)?.text,
      let jid = try? JID(text), !jid.isBare
    else { return nil }
    return jid
  }
}
