public import XMPP

/// What became of a message published to the bridge, as `…/status` tells it.
public struct DeliveryStatus: Sendable, Hashable {
  /// How far it came.
  public enum State: String, Sendable, Hashable {
    /// The journal has it, the server not yet.
    case queued
    /// The XMPP server took custody.
    case sent
    /// The recipient's client has it (XEP-0184).
    case delivered
    /// The recipient saw it (XEP-0333).
    case displayed
    /// It will not be sent, or came back.
    case failed
  }

  /// Why it failed.
  public struct Failure: Error, Sendable, Hashable {
    /// A word for machines: a condition of RFC 6120, or one of the bridge's own.
    public var condition: String
    /// A sentence for people.
    public var text: String?

    /// A condition and what to say of it.
    public init(condition: String, text: String? = nil) {
      self.condition = condition
      self.text = text
    }

    /// What the server or the recipient answered.
    public init(_ error: StanzaError) {
      self.init(condition: error.condition.rawValue, text: error.text)
    }

    /// The topic is none.
    public init(_ error: AddressError) {
      self.init(condition: StanzaError.Condition.jidMalformed.rawValue, text: error.description)
    }

    /// The payload is none.
    public init(_ error: TextError) {
      self.init(condition: error.condition, text: error.description)
    }

    /// The envelope is none.
    public init(_ error: EnvelopeError) {
      self.init(condition: error.condition, text: error.description)
    }
  }

  /// The id of the message: the envelope's or the one generated; nil if it came to neither.
  public var id: String?
  /// How far it came.
  public var state: State
  /// When, in milliseconds since 1970.
  public var time: Int64
  /// Why it failed, if it did.
  public var error: Failure?

  /// A status.
  public init(id: String?, state: State, time: Int64, error: Failure? = nil) {
    self.id = id
    self.state = state
    self.time = time
    self.error = error
  }

  /// The object of the contract.
  public var json: [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("id", id)
    writer.member("state", state.rawValue)
    writer.member("time", time: time)
    if let error {
      writer.name("error")
      writer.beginObject()
      writer.member("condition", error.condition)
      writer.member("text", error.text)
      writer.endObject()
    }
    writer.endObject()
    return writer.bytes
  }
}
