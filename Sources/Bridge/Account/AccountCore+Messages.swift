import Delivery
import Journal
import MQTT
import Mapping
import XMLStream
import XMPP

/// What a message means: live, copied, or out of the archive.
extension AccountCore {
  /// What becomes of a message stanza.
  mutating func message(_ stanza: XMLElement, now: Duration, wallClock: Int64) -> MessageEffect? {
    guard let from = sender(of: stanza) else { return nil }
    let type = MessageType(of: stanza)
    if type == .error {
      bounced(stanza, from: from, now: now, wallClock: wallClock)
      return nil
    }
    if let result = MessageArchive.Result(stanza) {
      guard let message = archived(result, from: from, wallClock: wallClock) else { return nil }
      guard case .room = message.archive else { return effect(of: message, wallClock: wallClock) }
      return sender(of: message.stanza).flatMap { roomEffect(of: message, from: $0, wallClock: wallClock) }
    }
    if type == .groupchat { return said(stanza, from: from, wallClock: wallClock) }
    switch MessageCarbons.read(stanza, account: settings.jid) {
    case .none:
      let message = IncomingMessage(stanza: stanza, type: type, sender: from, archiveID: archiveID(of: stanza))
      return effect(of: message, wallClock: wallClock)
    case .copy(let direction, let original):
      let message = IncomingMessage(
        stanza: original, type: MessageType(of: original), archiveID: archiveID(of: original), carbon: direction)
      return effect(of: message, wallClock: wallClock)
    case .forged:
      report(.warning, "forged-carbon", "a copy that does not come from the account itself was ignored")
      return nil
    }
  }

  private func archiveID(of stanza: XMLElement) -> String? {
    record.hasArchive ? StableIDs.stanzaID(of: stanza, by: settings.jid.bare) : nil
  }

  private mutating func effect(of message: IncomingMessage, wallClock: Int64) -> MessageEffect? {
    guard let from = message.sender ?? sender(of: message.stanza), message.type != .groupchat,
      !isLeftToArchive(message), isNew(message)
    else { return nil }
    if let id = message.archiveID, message.archivedAt == nil {
      record.archive.passed(.init(id: id, time: wallClock))
    }
    if message.carbon == nil { noteReceipt(in: message.stanza, from: from, wallClock: wallClock) }
    guard var event = event(of: message, from: from, wallClock: wallClock) else { return nil }
    let contact = message.carbon == .sent ? event.to ?? from : from
    guard mayTalk(contact) else {
      refuse(message, from: contact)
      return nil
    }
    let place = recentSender.place(of: contact, in: settings.topics)
    number(&event, place.level)
    return MessageEffect(
      publish: settings.publish(of: event, on: place.topic),
      receipt: receipt(for: message, from: from))
  }

  /// A message that somebody said in a room, live.
  private mutating func said(_ stanza: XMLElement, from: JID, wallClock: Int64) -> MessageEffect? {
    guard let room = rooms[from.bare] else { return nil }
    let id = room.record.hasArchive ? StableIDs.stanzaID(of: stanza, by: room.jid) : nil
    let message = IncomingMessage(stanza: stanza, type: .groupchat, archive: .room(room.jid), archiveID: id)
    return roomEffect(of: message, from: from, wallClock: wallClock)
  }

  /// Gives a message its number among those of its topic.
  mutating func number(_ event: inout MessageEvent, _ topic: String) {
    event.seq = topicSequences.next(topic)
    event.epoch = settings.epoch
  }

  /// A live message that the archive will give in its place. It comes where an earlier process died with its presence out,
  /// and the archive is read anew; until that is done, what it has is owed and nothing is lost by waiting for it.
  func isLeftToArchive(_ message: IncomingMessage) -> Bool {
    guard message.archiveID != nil, message.archivedAt == nil, isOwed(message.archive) else { return false }
    switch self[message.archive].stage {
    case .lookingUp, .catchingUp: return true
    case .idle: return message.archive == .account && setup.stage == .asking
    case .closing: return false
    }
  }

  /// Whether the message was not taken in before, on this way or another.
  private mutating func isNew(_ message: IncomingMessage) -> Bool {
    let stanza = message.stanza
    if message.carbon == .sent {
      // What the bridge itself sent is no news; what another client sent is copied without an id of the archive.
      guard let from = stanza.attribute("from").flatMap({ try? JID($0) }), !record.addresses.contains(from) else {
        return false
      }
      if let to = stanza.attribute("to").flatMap({ try? JID($0) }),
        let id = StableIDs.originID(of: stanza) ?? stanza.attribute("id")
      {
        guard seen.insert(SeenMessages.key(sentTo: to, id: id)) else { return false }
      }
    }
    guard let id = message.archiveID else { return true }
    return seen.insert(SeenMessages.key(archiveID: id))
  }

  func event(of message: IncomingMessage, from: JID, wallClock: Int64) -> MessageEvent? {
    do throws(JIDError) {
      let read = try MessageEvent(
        stanza: message.stanza, type: message.type, from: from, account: settings.jid, archiveID: message.archiveID,
        carbon: message.carbon, receivedAt: wallClock)
      guard var event = read else { return nil }
      if let time = message.archivedAt {
        event.time = event.delayed ? min(event.time, time) : time
        event.delayed = true
      }
      return event
    } catch {
      return nil
    }
  }

  private mutating func refuse(_ message: IncomingMessage, from contact: JID) {
    let event = "not-allowed"
    guard message.carbon == nil, message.archivedAt == nil else {
      return report(.debug, event, "\(contact.bare) is not in allow: another client's message was left out")
    }
    report(.warning, event, "\(contact.bare) is not in allow: its message was refused")
    if let reply = StanzaError(.serviceUnavailable).reply(to: message.stanza) { outbound.accept(control: reply) }
  }

  private func receipt(for message: IncomingMessage, from: JID) -> PublishRow.Receipt? {
    guard message.carbon == nil, MessageReceipts.isRequested(in: message.stanza),
      let id = message.stanza.attribute("id")
    else { return nil }
    return .init(id: id, sender: from, type: MessageType(of: message.stanza))
  }

  // MARK: Receipts

  /// Says to senders that we have their messages, as far as our `h` covers them.
  mutating func sendReceipts(handled: UInt64, wallClock: Int64) {
    while let first = receipts.first, first.stanza <= handled {
      receipts.removeFirst()
      let stanza = MessageReceipts.receipt(
        for: first.receipt.id, to: first.receipt.sender, type: first.receipt.type, id: ids.next())
      let row = outbound.accept(own: stanza, wallClock: wallClock)
      write(.append(settings.outboundSpool, [row.journalRow]))
      record.receipted = max(record.receipted, first.row)
      isRecordDirty = true
    }
  }
}

/// What a message is turned into.
struct MessageEffect: Sendable {
  var publish: OutboundPublish
  /// The receipt that its sender wants.
  var receipt: PublishRow.Receipt?
}
