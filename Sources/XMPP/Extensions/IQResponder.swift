import XMLStream

/// Answers every request that nobody else answers, so that none waits in vain (RFC 6120 §8.2.3).
public struct IQResponder: Sendable {
  /// What disco#info tells.
  public var info: DiscoInfo
  /// What jabber:iq:version tells.
  public var version: SoftwareVersion

  /// A responder for one entity. The namespaces that it answers itself are added to the features.
  public init(info: DiscoInfo, version: SoftwareVersion) {
    self.info = info
    self.version = version
    for feature in [Namespace.discoInfo, Namespace.ping, Namespace.version] where !info.features.contains(feature) {
      self.info.features.append(feature)
    }
  }

  /// The answer to an iq; nil only for one that is an answer itself.
  public func answer(_ iq: IQ) -> [UInt8]? {
    guard iq.isRequest else { return nil }
    var children = iq.element.children.makeIterator()
    guard let payload = children.next(), children.next() == nil else {
      return StanzaError(.badRequest).reply(to: iq.element)
    }
    if iq.kind == .get {
      switch (payload.name, payload.namespace) {
      case ("ping", Namespace.ping): return iq.result()
      case ("query", Namespace.version): return iq.result { version.write(into: &$0) }
      case ("query", Namespace.discoInfo):
        guard payload.attribute("node") == nil else { return StanzaError(.itemNotFound).reply(to: iq.element) }
        return iq.result { info.write(into: &$0) }
      default: break
      }
    }
    return StanzaError(.serviceUnavailable).reply(to: iq.element)
  }
}
