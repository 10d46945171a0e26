import XMLStream

extension StreamNegotiation {
  /// What `<enabled/>` says (XEP-0198 §3).
  struct Enabled: Sendable, Equatable {
    /// What to call the session when it is resumed; nil if it cannot be.
    var id: String?
    var location: String?
    var maximum: Duration?

    init(_ element: XMLElement) {
      let resumes = element.attribute("resume")
      guard resumes == "true" || resumes == "1", let id = element.attribute("id"), !id.isEmpty else { return }
      self.id = id
      location = element.attribute("location")
      maximum = element.attribute("max").flatMap(UInt32.init).map { .seconds($0) }
    }
  }

  /// Authentication is done. Resuming has to come before binding: a stream that has a resource can take up no session.
  mutating func resumeOrBind() throws(SessionEnd) -> [Output] {
    guard let resumption else { return try bind() }
    guard features.streamManagement else { return [.resumptionFailed(h: nil)] + (try bind()) }
    state = .resuming
    return [.write(resumption.request)]
  }

  mutating func resuming(_ element: XMLElement) throws(SessionEnd) -> [Output] {
    guard element.namespace == Namespace.streamManagement else { throw unexpected(element) }
    switch element.name {
    case "resumed":
      state = .done
      return [.resumed(h: try resumedCount(element))]
    case "failed":
      resumption = nil
      return [.resumptionFailed(h: Self.failedCount(element))] + (try bind())
    default: throw unexpected(element)
    }
  }

  /// The count in a `<resumed/>`, which must be of the session that was asked for.
  func resumedCount(_ element: XMLElement) throws(SessionEnd) -> UInt32 {
    guard let resumption, element.attribute("previd") == resumption.id else { throw .streamManagement(.otherSession) }
    do {
      return try StreamManagement.count(element.attribute("h"))
    } catch {
      throw .streamManagement(error)
    }
  }

  /// The count in a `<failed/>`. It is optional, and the session is gone whatever else is wrong with the element.
  static func failedCount(_ element: XMLElement) -> UInt32? {
    try? StreamManagement.count(element.attribute("h"))
  }

  private mutating func bind(resource: String?) throws(SessionEnd) -> [Output] {
    guard features.binding else {
      throw .violation(condition: "undefined-condition", reason: "the server offers no resource binding")
    }
    let id = nonce + (resource == nil ? "-bind" : "-bind-resource")
    state = .binding(id: id, asksForResource: resource != nil)
    return [.write(ResourceBinding.request(id: id, resource: resource))]
  }

  mutating func bind() throws(SessionEnd) -> [Output] {
    try bind(resource: configuration.jid.resourcepart)
  }

  mutating func binding(id: String, asksForResource: Bool, _ element: XMLElement) throws(SessionEnd) -> [Output] {
    guard let iq = IQ(element), iq.answers(id, to: nil, of: configuration.jid) else {
      guard isIgnorable(element) else { throw unexpected(element) }
      return []
    }
    if let error = StanzaError(of: element) {
      // Whatever the server dislikes about the resource that we want, it may like one of its own.
      guard asksForResource else { throw .bindingRefused(error) }
      return try bind(resource: nil)
    }
    guard let jid = ResourceBinding.jid(in: iq) else {
      throw .violation(condition: "bad-format", reason: "the server bound no full address")
    }
    let bound = Bound(jid: jid)
    guard features.streamManagement else {
      state = .done
      return [.established(bound)]
    }
    state = .enabling(bound)
    return [.write(Array("<enable xmlns='\(Namespace.streamManagement)' resume='true'/>".utf8)), .enabling]
  }

  mutating func enabling(_ bound: Bound, _ element: XMLElement) throws(SessionEnd) -> [Output] {
    var bound = bound
    if StanzaKind(element) != nil {
      guard bound.early.count < Self.earlyLimit else {
        throw .violation(condition: "policy-violation", reason: "too many stanzas before <enabled/>")
      }
      bound.early.append(element)
      state = .enabling(bound)
      return []
    }
    switch element.name {
    case "enabled" where element.namespace == Namespace.streamManagement: bound.enabled = Enabled(element)
    case "failed" where element.namespace == Namespace.streamManagement: break
    default:
      guard isIgnorable(element) else { throw unexpected(element) }
      return []
    }
    state = .done
    return [.established(bound)]
  }

  /// What is neither a stanza nor a resumption does no harm once the server is authenticated.
  private func isIgnorable(_ element: XMLElement) -> Bool {
    StanzaKind(element) == nil && !element.is("resumed", in: Namespace.streamManagement)
  }
}

extension StreamNegotiation.Resumption {
  /// The `<resume/>` element.
  var request: [UInt8] {
    var writer = XMLWriter()
    write(into: &writer)
    return writer.bytes
  }

  func write(into writer: inout XMLWriter) {
    writer.open("resume", namespace: Namespace.streamManagement)
    writer.attribute("previd", id)
    writer.attribute("h", String(h))
    writer.close()
  }
}
