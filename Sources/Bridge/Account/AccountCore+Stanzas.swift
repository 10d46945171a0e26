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
    var position: Ledger.Position?
    if waitsForArchive(stanza.element) {
      if stanza.number > 0 { position = inbound.ledger.append(copies: 1, now: now) }
      setup.waiting.append((stanza, position))
    } else {
      let effect = effect(of: stanza.element, now: now, wallClock: wallClock)
      if stanza.number > 0 { position = inbound.ledger.append(copies: effect == nil ? 0 : 1, now: now) }
      if let effect { accept(effect, of: stanza, position: position, wallClock: wallClock) }
    }
    if let position { newest = (stanza.number, position) }
    coverNewest()
  }

  /// Everything up to the newest stanza is part of the commit in the making, unless some of it waits.
  private mutating func coverNewest() {
    guard setup.waiting.isEmpty, let newest, newest.number > record.inbound else { return }
    lastTaken = newest.position
    record.inbound = newest.number
    isRecordDirty = true
    isCommitUrgent = true
  }

  /// Live messages wait while the last page of their archive is read, since it may have some that came before them; and
  /// then others wait behind them, since our `h` covers stanzas in their order.
  private func waitsForArchive(_ stanza: XMLElement) -> Bool {
    guard setup.archive.stage == .closing || rooms.holdMessages, stanza.name == "message",
      MessageArchive.Result(stanza) == nil
    else { return false }
    return setup.archive.stage == .closing || !setup.waiting.isEmpty || isHeld(stanza)
  }

  private func isHeld(_ stanza: XMLElement) -> Bool {
    guard let from = stanza.attribute("from").flatMap({ try? JID($0) }) else { return false }
    return rooms[from.bare]?.holdsMessages == true
  }

  /// An archive is read: what waited is taken in, unless another one is still being read.
  mutating func takeWaiting(now: Duration, wallClock: Int64) {
    guard !setup.waiting.isEmpty, setup.archive.stage != .closing, !rooms.holdMessages else { return }
    let waiting = setup.waiting
    setup.waiting = []
    for (stanza, position) in waiting {
      if let effect = effect(of: stanza.element, now: now, wallClock: wallClock) {
        accept(effect, of: stanza, position: position, wallClock: wallClock)
      } else if let position {
        inbound.ledger.confirmed(position, now: now)
      }
    }
    coverNewest()
    // A sync that was asked for meanwhile could not speak of these.
    isSyncWanted = true
  }

  private mutating func accept(
    _ effect: MessageEffect, of stanza: InboundStanza, position: Ledger.Position?, wallClock: Int64
  ) {
    let row = inbound.accept(effect.publish, stanza: position, receipt: effect.receipt, wallClock: wallClock)
    write(.append(settings.inboundSpool, [row.journalRow]))
    if let receipt = effect.receipt {
      receipts.append(PendingReceipt(stanza: stanza.number, row: row.sequence, receipt: receipt))
    }
  }

  private mutating func effect(of stanza: XMLElement, now: Duration, wallClock: Int64) -> MessageEffect? {
    switch stanza.name {
    case "message": return message(stanza, now: now, wallClock: wallClock)
    case "presence": presence(stanza, now: now, wallClock: wallClock)
    case "iq": iq(stanza, now: now, wallClock: wallClock)
    default: break
    }
    return nil
  }

  /// The sender: an absent `from` is the account itself (RFC 6120 §8.1.2.1).
  mutating func sender(of stanza: XMLElement) -> JID? {
    guard let text = stanza.attribute("from") else { return settings.jid.bare }
    if let jid = try? recentSender.address(text) { return jid }
    report(.warning, "invalid-jid", "a stanza's sender is no valid JID and was ignored")
    return nil
  }

  // MARK: Presence

  /// Rooms tell who is in them. Subscription requests of those whom `allow` names are approved and returned; other presence
  /// means nothing yet.
  private mutating func presence(_ stanza: XMLElement, now: Duration, wallClock: Int64) {
    if !rooms.isEmpty, let room = sender(of: stanza)?.bare, rooms.contains(room) {
      return roomPresence(stanza, of: room, now: now, wallClock: wallClock)
    }
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

  private mutating func iq(_ stanza: XMLElement, now: Duration, wallClock: Int64) {
    guard let iq = IQ(stanza) else { return }
    guard iq.isRequest else { return answered(iq, now: now, wallClock: wallClock) }
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
}

/// An inbound stanza with its stream-management count; 0 where nothing is counted.
struct InboundStanza: Sendable, Equatable {
  var element: XMLElement
  var number: UInt64
}
