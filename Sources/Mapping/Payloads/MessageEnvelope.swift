public import XMPP

/// What is published on `…/send/json`.
public struct MessageEnvelope: Sendable, Hashable {
  /// The publisher's idempotency key; nil if it has none.
  public var id: String?
  /// The text.
  public var body: String?
  /// The subject.
  public var subject: String?
  /// The conversation.
  public var thread: String?
  /// The type: `chat`, unless it says otherwise.
  public var type: MessageType = .chat
  /// The id of the message that somebody has seen, given as `"marker":{"type":"displayed","id":…}` (XEP-0333).
  public var displayed: String?
  /// When the message is of no use any more, in milliseconds since 1970; given in RFC 3339.
  public var expires: Int64?

  /// The most bytes an id may have.
  public static let idLimit = 256

  /// The names that are acted on.
  private static let supported = ["id", "body", "subject", "thread", "type", "marker", "expires"]
  /// The names that have a meaning, but not in this version.
  private static let unsupported = [
    "replaces", "reply_to", "url", "reactions", "retracts", "state", "lang", "file",
  ]
  private static let types: [MessageType] = [.chat, .normal, .headline]

  /// An envelope with nothing in it.
  public init() {}

  /// Reads an envelope.
  ///
  /// - Parameter payload: a JSON object.
  /// - Throws: `EnvelopeError` with what is wrong, and with the id if that could be read.
  public init(_ payload: [UInt8]) throws(EnvelopeError) {
    let value: JSONValue
    do {
      value = try JSONValue(parsing: payload)
    } catch {
      throw EnvelopeError(.notJSON(error))
    }
    guard case .object(let members) = value else { throw EnvelopeError(.notAnObject(value.kind)) }
    // The id comes first, whatever the order, so that a fault elsewhere can be reported under it.
    if let value = value["id"] { id = try Self.id(value) }
    for member in members { try read(member) }
    guard body != nil || subject != nil || displayed != nil else { throw EnvelopeError(.nothingToSend, id: id) }
  }

  private mutating func read(_ member: JSONValue.Member) throws(EnvelopeError) {
    switch member.name {
    case "id": return
    case "body": body = try text(member)
    case "subject": subject = try text(member)
    case "thread": thread = try text(member)
    case "type":
      guard let type = Self.types.first(where: { .string($0.rawValue) == member.value }) else {
        throw EnvelopeError(.wrongType("type", "\"chat\", \"normal\" or \"headline\"", member.value.kind), id: id)
      }
      self.type = type
    case "marker": displayed = try marker(member.value)
    case "expires":
      guard let time = member.value.string.flatMap(Timestamp.milliseconds) else {
        throw EnvelopeError(.wrongType("expires", "a time in RFC 3339", member.value.kind), id: id)
      }
      expires = time
    case let name where Self.unsupported.contains(name): throw EnvelopeError(.notSupported(name), id: id)
    case let name:
      let nearest = Spelling.nearest(to: name, in: Self.supported + Self.unsupported)
      throw EnvelopeError(.unknownName(name, nearest: nearest), id: id)
    }
  }

  /// The only marker that people set is that a message was seen; receipts are the bridge's own affair.
  private func marker(_ value: JSONValue) throws(EnvelopeError) -> String {
    guard case .object(let members) = value, members.count == 2, value["type"]?.string == "displayed",
      let message = value["id"]
    else { throw EnvelopeError(.wrongType("marker", #"{"type":"displayed","id":…}"#, value.kind), id: id) }
    return try Self.id(message)
  }

  /// A text that XML can carry; one of no characters is as good as none.
  private func text(_ member: JSONValue.Member) throws(EnvelopeError) -> String? {
    guard let text = member.value.string else {
      throw EnvelopeError(.wrongType(member.name, "a string", member.value.kind), id: id)
    }
    do {
      try TextError.check(text, field: member.name)
    } catch {
      throw EnvelopeError(.text(error), id: id)
    }
    return text.isEmpty ? nil : text
  }

  private static func id(_ value: JSONValue) throws(EnvelopeError) -> String {
    guard let id = value.string else { throw EnvelopeError(.wrongType("id", "a string", value.kind)) }
    guard !id.isEmpty else { throw EnvelopeError(.emptyID) }
    guard id.utf8.count <= idLimit else { throw EnvelopeError(.longID(limit: idLimit)) }
    do {
      try TextError.check(id, field: "id")
    } catch {
      throw EnvelopeError(.text(error))
    }
    return id
  }
}

/// Why an envelope is refused.
public struct EnvelopeError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is wrong.
  public enum Problem: Hashable, Sendable {
    /// The payload is no JSON.
    case notJSON(JSONError)
    /// It is JSON, but of this kind and no object.
    case notAnObject(String)
    /// A name that means nothing, and the known one nearest to it.
    case unknownName(String, nearest: String?)
    /// A name that means something, but not in this version.
    case notSupported(String)
    /// The member should be one thing and is another.
    case wrongType(_ name: String, _ expected: String, _ found: String)
    /// The id has no characters.
    case emptyID
    /// The id has more bytes than this.
    case longID(limit: Int)
    /// A text that XML cannot carry.
    case text(TextError)
    /// Neither body nor subject nor marker.
    case nothingToSend
  }

  /// What is wrong.
  public let problem: Problem
  /// The id of the envelope, if it could be read.
  public let id: String?

  init(_ problem: Problem, id: String? = nil) {
    self.problem = problem
    self.id = id
  }

  /// The condition under which a status reports it.
  public var condition: String {
    if case .notSupported = problem { "feature-not-implemented" } else { "bad-request" }
  }

  /// A sentence for people, without a full stop.
  public var description: String {
    switch problem {
    case .notJSON(let error): "the payload is no JSON: \(error)"
    case .notAnObject(let kind): "the payload should be a JSON object and is \(kind)"
    case .unknownName(let name, let nearest):
      "“\(name.abbreviated)” is unknown" + (nearest.map { "; did you mean “\($0)”?" } ?? "")
    case .notSupported(let name): "“\(name)” is not supported by this version"
    case .wrongType(let name, let expected, let found): "“\(name)” should be \(expected) and is \(found)"
    case .emptyID: "“id” is empty"
    case .longID(let limit): "“id” has more than \(limit) bytes"
    case .text(let error): error.description
    case .nothingToSend: "there is neither a “body” nor a “subject” nor a “marker”"
    }
  }
}
