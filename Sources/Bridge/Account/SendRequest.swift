import BridgeConfig
import MQTT
import Mapping
import XMPP

/// What a publish on one of the account's topics asks for.
enum SendRequest: Sendable, Equatable {
  /// Nothing; the reason is told unless there is none worth telling.
  case ignored(String?)
  /// It cannot be done, and the publisher is told.
  case refused(Refusal)
  /// A message to send.
  case message(Message)
  /// A message that was published before under the same id: nothing is sent, and what became of it is told again.
  case repeated(MessageOrigin, DeliveryStatus?)

  /// A message to send.
  struct Message: Sendable, Equatable {
    var stanza: [UInt8]
    var origin: MessageOrigin
    /// When it is of no use any more, in milliseconds since 1970.
    var expires: Int64?
  }

  /// Why a message is not sent.
  struct Refusal: Sendable, Equatable {
    /// A stable word for the event.
    var event: String
    var failure: DeliveryStatus.Failure
    var origin: MessageOrigin

    var detail: String {
      let what = failure.text ?? failure.condition
      return "a publish beside \(origin.statusTopic) was refused: \(what)"
    }

    func status(wallClock: Int64) -> DeliveryStatus {
      DeliveryStatus(id: origin.id, state: .failed, time: wallClock, error: failure)
    }
  }
}

/// Where a publish goes.
private enum SendTarget {
  case contact(JID)
  case room(JID)

  var jid: JID {
    switch self {
    case .contact(let jid), .room(let jid): jid
    }
  }

  var type: MessageType {
    switch self {
    case .contact: .chat
    case .room: .groupchat
    }
  }
}

extension AccountCore {
  /// Reads a publish: where it goes, whether it may, and what it says.
  mutating func interpret(_ publish: InboundPublish, wallClock: Int64) -> SendRequest {
    guard !publish.retain else { return .ignored(nil) }
    let isOwn = publish.properties.userProperties.contains {
      $0.name == PublishMarks.bridge && $0.value == settings.bridge
    }
    guard !isOwn else { return .ignored(nil) }
    switch addresses.address(of: publish.topic) {
    case .unknown: return .ignored("nothing is done with publishes on \(publish.topic)")
    case .invalid(let error):
      guard let topic = settings.topics.statusTopic(beside: publish.topic) else { return .ignored("\(error)") }
      return refusal("invalid-topic", .init(error), origin: origin(of: publish, statusTopic: topic, id: nil))
    case .send(let jid): return plain(publish, to: .contact(jid), wallClock: wallClock)
    case .sendJSON(let jid): return envelope(publish, to: .contact(jid), wallClock: wallClock)
    case .roomSend(let jid): return plain(publish, to: .room(jid), wallClock: wallClock)
    case .roomSendJSON(let jid): return envelope(publish, to: .room(jid), wallClock: wallClock)
    }
  }

  private func statusTopic(of target: SendTarget) -> String {
    switch target {
    case .contact(let jid): settings.topics.messageStatus(of: jid)
    case .room(let jid): settings.topics.roomStatus(of: jid)
    }
  }

  private mutating func plain(_ publish: InboundPublish, to target: SendTarget, wallClock: Int64) -> SendRequest {
    let origin = origin(of: publish, statusTopic: statusTopic(of: target), id: nil)
    if let refusal = refusal(of: publish, to: target, origin: origin) { return refusal }
    let body: String
    do throws(TextError) {
      switch try PlainPayload(publish.payload) {
      case .empty: return .ignored("an empty payload on \(publish.topic) is no message")
      case .text(let text): body = text
      case .binary:
        let policy: BinaryPolicy = settings.binary == .base64 ? .base64 : .drop
        guard case .body(let text) = policy.outcome(for: publish.payload, contentType: publish.properties.contentType)
        else {
          let failure = DeliveryStatus.Failure(
            condition: "bad-request", text: "the payload is not UTF-8 text, and binary = \"drop\"")
          return self.refusal("binary-dropped", failure, origin: origin)
        }
        body = text
      }
    } catch {
      return self.refusal("invalid-text", .init(error), origin: origin)
    }
    let expires = publish.lifetime.map { wallClock + $0 }
    let content = OutboundMessage(to: target.jid, id: origin.id, type: target.type, body: body)
    return message(content, origin: origin, expires: expires)
  }

  private mutating func envelope(_ publish: InboundPublish, to target: SendTarget, wallClock: Int64) -> SendRequest {
    let topic = statusTopic(of: target)
    if publish.payload.isEmpty { return .ignored("an empty payload on \(publish.topic) is no message") }
    do throws(EnvelopeError) {
      let envelope = try MessageEnvelope(publish.payload)
      let origin = origin(of: publish, statusTopic: topic, id: envelope.id)
      if let refusal = refusal(of: publish, to: target, origin: origin) { return refusal }
      if envelope.id != nil, let answer = repetition(of: publish, origin: origin, wallClock: wallClock) {
        return answer
      }
      let expires = [envelope.expires, publish.lifetime.map { wallClock + $0 }].compactMap { $0 }.min()
      if let expires, expires <= wallClock {
        return refusal("expired", .expired("it had expired when it came"), origin: origin)
      }
      var content = OutboundMessage(envelope, to: target.jid, generatedID: origin.id)
      if case .room = target {
        // What a room reflects would tell everybody whose mark it is, and nobody asked for it.
        guard content.displayed == nil else {
          let text = "a room is not told what was displayed: leave the “marker” out"
          return refusal("invalid-envelope", .init(condition: "bad-request", text: text), origin: origin)
        }
        content.type = target.type
      }
      return message(content, origin: origin, expires: expires)
    } catch {
      let origin = origin(of: publish, statusTopic: topic, id: error.id)
      return refusal("invalid-envelope", .init(error), origin: origin)
    }
  }

  /// An id is the publisher's key: the same message under it is not sent again, and another message is not sent at all.
  private func repetition(of publish: InboundPublish, origin: MessageOrigin, wallClock: Int64) -> SendRequest? {
    guard let known = memory[origin.key], wallClock - known.time < MessageMemory.lifetime else { return nil }
    guard known.payload == MessageMemory.hash(payload: publish.payload) else {
      let text = "another message was published under the id “\(origin.id)” within a day"
      return refusal("conflict", .init(condition: "conflict", text: text), origin: origin)
    }
    let status = known.state.map { DeliveryStatus(id: origin.id, state: $0, time: wallClock, error: known.failure) }
    return .repeated(origin, status)
  }

  /// What is looked at before the content: its size and its recipient.
  private func refusal(of publish: InboundPublish, to target: SendTarget, origin: MessageOrigin) -> SendRequest? {
    guard maySend(to: target.jid) else {
      let failure = DeliveryStatus.Failure(condition: "forbidden", text: "\(target.jid.bare) is not in may_send")
      return refusal("not-permitted", failure, origin: origin)
    }
    if case .room(let room) = target, !rooms.contains(room) {
      let text = "\(room) is not one of the account's rooms; add it to rooms in the configuration"
      return refusal("unknown-room", .init(condition: "item-not-found", text: text), origin: origin)
    }
    guard publish.payload.count <= stanzaLimit else {
      return oversized(publish.payload.count, origin: origin)
    }
    return nil
  }

  private func message(_ message: OutboundMessage, origin: MessageOrigin, expires: Int64?) -> SendRequest {
    let stanza = message.stanza
    guard stanza.count <= stanzaLimit else { return oversized(stanza.count, origin: origin) }
    return .message(.init(stanza: stanza, origin: origin, expires: expires))
  }

  private func oversized(_ count: Int, origin: MessageOrigin) -> SendRequest {
    let text = "the message has \(count) bytes, more than the \(stanzaLimit) that the server takes"
    return refusal("oversized", .init(condition: "policy-violation", text: text), origin: origin)
  }

  private func refusal(_ event: String, _ failure: DeliveryStatus.Failure, origin: MessageOrigin) -> SendRequest {
    .refused(.init(event: event, failure: failure, origin: origin))
  }

  /// Whom to tell. A Response Topic that may not be published to counts as none.
  private mutating func origin(of publish: InboundPublish, statusTopic: String, id: String?) -> MessageOrigin {
    let response = publish.properties.responseTopic.flatMap { settings.topics.permitsResponse(on: $0) ? $0 : nil }
    return MessageOrigin(
      id: id ?? ids.next(), statusTopic: statusTopic, isAsked: id != nil || response != nil, responseTopic: response,
      correlationData: response == nil ? nil : publish.properties.correlationData)
  }
}

extension InboundPublish {
  /// How long the publisher wants it to be of use, in milliseconds: the Message Expiry Interval that is left of it.
  fileprivate var lifetime: Int64? { properties.messageExpiry.map { Int64($0) * 1_000 } }
}

extension DeliveryStatus.Failure {
  /// A message that waited too long.
  static func expired(_ text: String) -> Self { Self(condition: "expired", text: text) }
}
