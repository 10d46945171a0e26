public import XMLStream

/// A stanza error (RFC 6120 §8.3): what a stanza of type `error` says about the one that it answers.
public struct StanzaError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What the sender of the original stanza may do about it (RFC 6120 §8.3.2).
  public enum Kind: String, Sendable, Hashable {
    /// Retry after giving credentials.
    case auth
    /// Do not retry.
    case cancel
    /// It was only a warning.
    case `continue`
    /// Retry after changing the data.
    case modify
    /// Retry after waiting.
    case wait
  }

  /// The defined conditions (RFC 6120 §8.3.3); the raw value is the element's name.
  public enum Condition: String, Sendable, Hashable, CaseIterable {
    /// The XML cannot be processed.
    case badRequest = "bad-request"
    /// Something of that name exists already.
    case conflict
    /// The feature is not implemented here.
    case featureNotImplemented = "feature-not-implemented"
    /// Not permitted, whoever asks with these permissions.
    case forbidden
    /// The recipient is gone for good.
    case gone
    /// The server has a fault.
    case internalServerError = "internal-server-error"
    /// The address or item does not exist.
    case itemNotFound = "item-not-found"
    /// An address is no JID.
    case jidMalformed = "jid-malformed"
    /// The request does not meet the recipient's criteria.
    case notAcceptable = "not-acceptable"
    /// Nobody may do that.
    case notAllowed = "not-allowed"
    /// Credentials come first.
    case notAuthorized = "not-authorized"
    /// A local policy forbids it.
    case policyViolation = "policy-violation"
    /// The recipient is unavailable for now.
    case recipientUnavailable = "recipient-unavailable"
    /// Ask elsewhere.
    case redirect
    /// Registration comes first.
    case registrationRequired = "registration-required"
    /// The remote server does not exist.
    case remoteServerNotFound = "remote-server-not-found"
    /// The remote server did not answer in time.
    case remoteServerTimeout = "remote-server-timeout"
    /// Too busy.
    case resourceConstraint = "resource-constraint"
    /// The recipient does not provide this.
    case serviceUnavailable = "service-unavailable"
    /// A subscription comes first.
    case subscriptionRequired = "subscription-required"
    /// None of the others.
    case undefinedCondition = "undefined-condition"
    /// Not expected at this time.
    case unexpectedRequest = "unexpected-request"

    /// The type that RFC 6120 associates with the condition.
    public var usualKind: Kind {
      switch self {
      case .forbidden, .notAuthorized, .registrationRequired, .subscriptionRequired: .auth
      case .conflict, .featureNotImplemented, .gone, .internalServerError, .itemNotFound, .notAllowed,
        .remoteServerNotFound, .serviceUnavailable, .undefinedCondition:
        .cancel
      case .badRequest, .jidMalformed, .notAcceptable, .policyViolation, .redirect: .modify
      case .recipientUnavailable, .remoteServerTimeout, .resourceConstraint, .unexpectedRequest: .wait
      }
    }
  }

  /// What the sender of the original may do.
  public var kind: Kind
  /// What happened.
  public var condition: Condition
  /// The same in somebody's words.
  public var text: String?

  /// An error; its kind is the usual one of its condition unless given.
  public init(_ condition: Condition, kind: Kind? = nil, text: String? = nil) {
    self.kind = kind ?? condition.usualKind
    self.condition = condition
    self.text = text
  }

  /// The error inside a stanza of type `error`. Whatever of it is missing or unknown is read as an undefined
  /// condition, so that the sender of the original always learns that it failed; nil if the stanza's type is another.
  public init?(of stanza: XMLElement) {
    guard stanza.attribute("type") == "error" else { return nil }
    self.init(.undefinedCondition)
    guard let error = stanza.child("error", in: stanza.namespace) else { return }
    for child in error.children where child.namespace == Namespace.stanzaErrors {
      if child.name == "text" {
        text = child.text
      } else if let known = Condition(rawValue: child.name) {
        condition = known
      }
    }
    kind = error.attribute("type").flatMap(Kind.init) ?? condition.usualKind
  }

  /// For people: `item-not-found: no such room`.
  public var description: String { text.map { "\(condition.rawValue): \($0)" } ?? condition.rawValue }

  /// The answer that carries this error back to the sender of a stanza, with its addresses swapped.
  ///
  /// - Returns: nil for a stanza that must not be answered so: one that is an error or an iq answer itself, or an iq
  ///   without an `id` (RFC 6120 §8.3.1, §8.2.3).
  public func reply(to stanza: XMLElement) -> [UInt8]? {
    let type = stanza.attribute("type")
    let id = stanza.attribute("id")
    guard type != "error" else { return nil }
    if stanza.name == "iq" {
      guard id != nil, type != "result" else { return nil }
    }
    var writer = XMLWriter()
    writer.open(stanza.name, namespace: Namespace.client)
    if let from = stanza.attribute("to") { writer.attribute("from", from) }
    if let to = stanza.attribute("from") { writer.attribute("to", to) }
    writer.attribute("type", "error")
    if let id { writer.attribute("id", id) }
    write(into: &writer)
    writer.close()
    return writer.bytes
  }

  /// Writes the `<error/>` element into an open stanza.
  public func write(into writer: inout XMLWriter) {
    writer.open("error", namespace: Namespace.client)
    writer.attribute("type", kind.rawValue)
    writer.open(condition.rawValue, namespace: Namespace.stanzaErrors)
    writer.close()
    if let text {
      writer.open("text", namespace: Namespace.stanzaErrors)
      writer.text(text)
      writer.close()
    }
    writer.close()
  }
}
