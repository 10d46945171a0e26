public import XMLStream

/// A view of an iq stanza (RFC 6120 §8.2.3).
public struct IQ: Sendable, Equatable {
  /// What an iq is for.
  public enum Kind: String, Sendable, Hashable {
    /// Asks for information.
    case get
    /// Asks for a change.
    case set
    /// Answers a request that succeeded.
    case result
    /// Answers a request that failed.
    case error
  }

  /// The stanza itself.
  public let element: XMLElement
  /// Its type.
  public let kind: Kind
  /// What ties an answer to its request.
  public let id: String

  /// Reads an iq; nil if the element is none, or lacks the `id` or the type that it must have.
  public init?(_ element: XMLElement) {
    guard StanzaKind(element) == .iq, let id = element.attribute("id"),
      let kind = element.attribute("type").flatMap(Kind.init)
    else { return nil }
    self.element = element
    self.kind = kind
    self.id = id
  }

  /// The element that says what the iq is about.
  public var payload: XMLElement? {
    element.children.first { !$0.is("error", in: element.namespace) }
  }

  /// Whether somebody waits for an answer.
  public var isRequest: Bool { kind == .get || kind == .set }

  /// Whether this answers a request that `account` sent under `id`.
  ///
  /// The id alone would let any entity that guesses it answer in another's place, so the sender has to be right too.
  /// - Parameters:
  ///   - id: the request's id.
  ///   - recipient: to whom the request went; nil for the account itself, which is also how its server answers.
  ///   - account: the account's own address, bare or full.
  public func answers(_ id: String, to recipient: JID?, of account: JID) -> Bool {
    guard !isRequest, self.id == id else { return false }
    // RFC 6120 §8.1.2.1: what comes without a sender comes from the account itself, in its server's words.
    guard let text = element.attribute("from") else {
      return recipient.map { account.isOwnOrServer($0) } ?? true
    }
    guard let from = try? JID(text) else { return false }
    guard let recipient, !account.isOwnOrServer(recipient) else { return account.isOwnOrServer(from) }
    return from == recipient
  }

  /// A request.
  /// - Parameters:
  ///   - kind: `get` or `set`.
  ///   - id: what ties the answer to it.
  ///   - recipient: whom it goes to; nil for the account itself.
  ///   - payload: writes the one element inside.
  public static func request(
    _ kind: Kind, id: String, to recipient: JID?, from sender: JID? = nil, payload: (inout XMLWriter) -> Void
  ) -> [UInt8] {
    var writer = XMLWriter()
    writer.open("iq", namespace: Namespace.client)
    writer.attribute("type", kind.rawValue)
    writer.attribute("id", id)
    if let sender { writer.attribute("from", sender.description) }
    if let recipient { writer.attribute("to", recipient.description) }
    payload(&writer)
    writer.close()
    return writer.bytes
  }

  /// The result that answers this request, with its addresses swapped.
  /// - Parameter payload: writes the element inside, if there is to be one.
  public func result(payload: (inout XMLWriter) -> Void = { _ in }) -> [UInt8] {
    var writer = XMLWriter()
    writer.open("iq", namespace: Namespace.client)
    if let from = element.attribute("to") { writer.attribute("from", from) }
    if let to = element.attribute("from") { writer.attribute("to", to) }
    writer.attribute("type", Kind.result.rawValue)
    writer.attribute("id", id)
    payload(&writer)
    writer.close()
    return writer.bytes
  }
}

extension JID {
  /// Whether `other` is this account, one of its resources, or its server.
  fileprivate func isOwnOrServer(_ other: JID) -> Bool {
    isSameBare(as: other) || other == domain
  }
}
