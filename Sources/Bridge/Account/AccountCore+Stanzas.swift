import Delivery
import Journal
import MQTT
import Mapping
import XMLStream
import XMPP

/// XMPP → MQTT: what each inbound stanza means for the account.
extension AccountCore {
  /// An inbound stanza, in the order of the stream.
  mutating func received(_ stanza: InboundStanza, now: Duration, wallClock: Int64) {
    let publish = effect(of: stanza.element, wallClock: wallClock)
    var position: Ledger.Position?
    if stanza.number > 0 {
      lastTaken = inbound.ledger.append(copies: publish == nil ? 0 : 1, now: now)
      position = lastTaken
      record.inbound = stanza.number
      isRecordDirty = true
      isCommitUrgent = true
    }
    guard let publish else { return }
    let row = inbound.accept(publish, stanza: position, wallClock: wallClock)
    write(.append(settings.inboundSpool, [row.journalRow]))
  }

  private mutating func effect(of stanza: XMLElement, wallClock: Int64) -> OutboundPublish? {
    switch stanza.name {
    case "message": return message(stanza, wallClock: wallClock)
    case "presence": presence(stanza)
    case "iq": iq(stanza)
    default: break
    }
    return nil
  }

  // MARK: Messages

  private mutating func message(_ stanza: XMLElement, wallClock: Int64) -> OutboundPublish? {
    guard let from = sender(of: stanza) else { return nil }
    if stanza.attribute("type") == "error" {
      bounced(stanza, from: from, wallClock: wallClock)
      return nil
    }
    guard stanza.attribute("type") != "groupchat" else { return nil }
    guard
      var event = try? MessageEvent(
        stanza: stanza, account: settings.jid, archive: settings.jid.bare, receivedAt: wallClock)
    else { return nil }
    guard settings.policy.mayTalk(from: from, isContact: { roster.contains($0) }) else {
      report(.warning, "not-allowed", "\(from.bare) is not in allow: its message was refused")
      refuse(stanza)
      return nil
    }
    let level = TopicLevel.encode(from.bare)
    event.seq = topicSequences.next(level)
    event.epoch = settings.epoch
    write(.set(key: settings.keys.sequence(level), TopicSequences.bytes(event.seq)))
    return settings.publish(of: event)
  }

  /// The sender: an absent `from` is the account itself (RFC 6120 §8.1.2.1).
  private mutating func sender(of stanza: XMLElement) -> JID? {
    guard let text = stanza.attribute("from") else { return settings.jid.bare }
    if let jid = try? JID(text) { return jid }
    report(.warning, "invalid-jid", "a stanza's sender is no valid JID and was ignored")
    return nil
  }

  private mutating func refuse(_ stanza: XMLElement) {
    guard let reply = StanzaError(.serviceUnavailable).reply(to: stanza) else { return }
    outbound.accept(control: reply)
  }

  /// A message that came back: the topic is the bouncing JID's, so nobody can fail another contact's message.
  private mutating func bounced(_ stanza: XMLElement, from: JID, wallClock: Int64) {
    guard let id = stanza.attribute("id"), !id.isEmpty else { return }
    let error = StanzaError(of: stanza) ?? StanzaError(.undefinedCondition)
    let topic = settings.topics.messageStatus(of: from.bare)
    let origin = recent.origin(of: id, statusTopic: topic) ?? MessageOrigin(id: id, statusTopic: topic, isAsked: false)
    report(.notice, "bounced", "\(from.bare) did not get a message: \(error.condition.rawValue)")
    emit(
      DeliveryStatus(
        id: id, state: .failed, time: wallClock,
        error: .init(error)),
      origin: origin, wallClock: wallClock)
  }

  // MARK: Presence

  /// Subscription requests of those whom `allow` names are approved and returned; other presence means nothing yet.
  private mutating func presence(_ stanza: XMLElement) {
    guard stanza.attribute("type") == "subscribe", let from = sender(of: stanza)?.bare else { return }
    guard settings.policy.approvesSubscription(from: from) else {
      report(.info, "subscription-request", "\(from) asks to see the account's presence; allow does not name it")
      return
    }
    outbound.accept(control: Presence.subscribed(to: from))
    switch roster[from]?.subscription {
    case .to, .both: break
    case .from, .remove, .some(.none), nil: outbound.accept(control: Presence.subscribe(to: from))
    }
    report(.info, "subscription-approved", "\(from) may see the account's presence")
  }

  // MARK: IQ

  private mutating func iq(_ stanza: XMLElement) {
    guard let iq = IQ(stanza) else { return }
    guard iq.isRequest else { return answered(iq) }
    switch Roster.push(iq, account: settings.jid) {
    case .change(let item, _):
      write(roster.update(item, keys: settings.keys))
      outbound.accept(control: iq.result())
    case .forged:
      report(.warning, "forged-roster-push", "somebody but the account itself sent a roster push, which was ignored")
      answer(iq, with: StanzaError(.serviceUnavailable))
    case .malformed: answer(iq, with: StanzaError(.badRequest))
    case .none:
      if let answer = settings.responder.answer(iq) { outbound.accept(control: answer) }
    }
  }

  private mutating func answer(_ iq: IQ, with error: StanzaError) {
    if let reply = error.reply(to: iq.element) { outbound.accept(control: reply) }
  }

  /// The only request of the account's own is the one for the roster. Presence goes out behind its answer: with presence
  /// the server sends what it kept, and the policy can judge that only when it knows the contacts.
  private mutating func answered(_ iq: IQ) {
    guard let id = rosterRequest, iq.answers(id, to: nil, of: settings.jid) else { return }
    rosterRequest = nil
    if iq.kind == .result {
      for operation in roster.replace(with: Roster(result: iq)?.items ?? [], keys: settings.keys) { write(operation) }
    } else {
      let reason = StanzaError(of: iq.element).map { ": \($0)" } ?? ""
      report(.warning, "no-roster", "the server did not give the roster\(reason)")
    }
    outbound.accept(control: Presence.available())
    openInboundIfReady()
  }
}

/// An inbound stanza with its stream-management count; 0 where nothing is counted.
struct InboundStanza: Sendable, Equatable {
  var element: XMLElement
  var number: UInt64
}
