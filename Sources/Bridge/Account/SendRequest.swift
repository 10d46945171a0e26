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
  case message([UInt8], MessageOrigin)

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

extension AccountCore {
  /// Reads a publish: where it goes, whether it may, and what it says.
  mutating func interpret(_ publish: InboundPublish) -> SendRequest {
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
    case .send(let jid): return plain(publish, to: jid)
    case .sendJSON(let jid): return envelope(publish, to: jid)
    }
  }

  private mutating func plain(_ publish: InboundPublish, to jid: JID) -> SendRequest {
    let origin = origin(of: publish, statusTopic: settings.topics.messageStatus(of: jid), id: nil)
    if let refusal = refusal(of: publish, to: jid, origin: origin) { return refusal }
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
    return message(OutboundMessage(to: jid, id: origin.id, body: body), origin: origin)
  }

  private mutating func envelope(_ publish: InboundPublish, to jid: JID) -> SendRequest {
    let topic = settings.topics.messageStatus(of: jid)
    if publish.payload.isEmpty { return .ignored("an empty payload on \(publish.topic) is no message") }
    do throws(EnvelopeError) {
      let envelope = try MessageEnvelope(publish.payload)
      let origin = origin(of: publish, statusTopic: topic, id: envelope.id)
      if let refusal = refusal(of: publish, to: jid, origin: origin) { return refusal }
      return message(OutboundMessage(envelope, to: jid, generatedID: origin.id), origin: origin)
    } catch {
      let origin = origin(of: publish, statusTopic: topic, id: error.id)
      return refusal("invalid-envelope", .init(error), origin: origin)
    }
  }

  /// What is looked at before the content: its size and its recipient.
  private func refusal(of publish: InboundPublish, to jid: JID, origin: MessageOrigin) -> SendRequest? {
    guard settings.policy.maySend(to: jid, isContact: { roster.contains($0) }) else {
      let failure = DeliveryStatus.Failure(condition: "forbidden", text: "\(jid.bare) is not in may_send")
      return refusal("not-permitted", failure, origin: origin)
    }
    guard publish.payload.count <= stanzaLimit else {
      return oversized(publish.payload.count, origin: origin)
    }
    return nil
  }

  private func message(_ message: OutboundMessage, origin: MessageOrigin) -> SendRequest {
    let stanza = message.stanza
    guard stanza.count <= stanzaLimit else { return oversized(stanza.count, origin: origin) }
    return .message(stanza, origin)
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
