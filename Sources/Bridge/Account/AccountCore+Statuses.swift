import Journal
import Mapping
import XMLStream
import XMPP

/// What became of messages, told to those who want to know.
extension AccountCore {
  /// A message came further. Nobody is told twice, and who asked is told every state on the way.
  mutating func emit(_ status: DeliveryStatus, origin: MessageOrigin, wallClock: Int64) {
    guard origin.isAsked, let known = memory[origin.key] else {
      return publish(status, origin: origin, wallClock: wallClock)
    }
    // A receipt may overtake the server's acknowledgement.
    if status.state == .delivered || status.state == .displayed, known.state?.isBefore(.sent) ?? true {
      emit(DeliveryStatus(id: origin.id, state: .sent, time: status.time), origin: origin, wallClock: wallClock)
    }
    guard let note = memory.advance(origin.key, to: status.state, failure: status.error, keys: settings.keys) else {
      return
    }
    write(note)
    publish(status, origin: origin, wallClock: wallClock)
  }

  /// Publishes what became of a message, as far as the account's `status` setting and the publisher want it.
  mutating func publish(_ status: DeliveryStatus, origin: MessageOrigin, wallClock: Int64) {
    guard settings.publishes(status.state, asked: origin.isAsked) else { return }
    let isLasting = origin.isAsked || status.state == .failed
    for publish in settings.publishes(of: status, origin: origin, isLasting: isLasting) {
      if isLasting {
        let row = inbound.accept(publish, isStatus: true, stanza: nil, wallClock: wallClock)
        write(.append(settings.inboundSpool, [row.journalRow]))
      } else if isBrokerUp {
        act(.publish([publish]))
      }
    }
  }

  /// The server has these.
  mutating func sent(_ rows: [StanzaRow], wallClock: Int64) {
    for row in rows {
      guard let origin = row.origin else { continue }
      counters.toXMPP += 1
      emit(DeliveryStatus(id: origin.id, state: .sent, time: wallClock), origin: origin, wallClock: wallClock)
    }
  }

  /// These waited too long.
  mutating func expired(_ rows: [StanzaRow], wallClock: Int64) {
    guard !rows.isEmpty else { return }
    for row in rows {
      guard let origin = row.origin else { continue }
      let error = DeliveryStatus.Failure.expired("it waited too long for the XMPP server")
      let status = DeliveryStatus(id: origin.id, state: .failed, time: wallClock, error: error)
      emit(status, origin: origin, wallClock: wallClock)
    }
    report(.warning, "expired", "\(rows.count) messages waited too long for the XMPP server")
  }

  /// The rooms of these do not take them.
  mutating func refused(_ refused: [OutboundFlow.Departure.Refused], wallClock: Int64) {
    for message in refused {
      guard let origin = message.row.origin else { continue }
      let doubt = message.mayHaveArrived ? "; it was sent before, and whether it arrived is not known" : ""
      let error = DeliveryStatus.Failure(
        condition: StanzaError.Condition.recipientUnavailable.rawValue,
        text: "the account is not in the room: \(message.reason)\(doubt)")
      report(.warning, "not-in-room", "a publish beside \(origin.statusTopic) failed: \(error.text ?? "")")
      let status = DeliveryStatus(id: origin.id, state: .failed, time: wallClock, error: error)
      emit(status, origin: origin, wallClock: wallClock)
    }
  }

  /// This one made the server close the stream again and again.
  mutating func poisoned(_ row: StanzaRow, wallClock: Int64) {
    poisonWatch.passed(row.sequence)
    let text = "the server closed the connection each time that it was sent"
    report(.error, "poison", "a message is given up: \(text)")
    guard let origin = row.origin else { return }
    let error = DeliveryStatus.Failure(condition: "poison", text: text)
    let status = DeliveryStatus(id: origin.id, state: .failed, time: wallClock, error: error)
    emit(status, origin: origin, wallClock: wallClock)
  }

  /// Whom to tell about a message that `contact` speaks of. The topic is that contact's, so nobody can change what is told
  /// of another contact's messages.
  func origin(of id: String, contact: JID) -> MessageOrigin {
    // A message to one client of the contact has its status beside the topic of that client.
    let statusTopics =
      rooms.contains(contact)
      ? [settings.topics.roomStatus(of: contact)]
      : [contact, contact.bare].map { settings.topics.messageStatus(of: $0) }
    for topic in statusTopics {
      guard let known = memory[MessageMemory.key(id: id, statusTopic: topic)] else { continue }
      return MessageOrigin(
        id: id, statusTopic: topic, isAsked: true, responseTopic: known.responseTopic,
        correlationData: known.correlationData)
    }
    return MessageOrigin(id: id, statusTopic: statusTopics[statusTopics.count - 1], isAsked: false)
  }

  /// A message that came back.
  mutating func bounced(_ stanza: XMLElement, from: JID, now: Duration, wallClock: Int64) {
    guard let id = stanza.attribute("id"), !id.isEmpty else { return }
    let error = StanzaError(of: stanza) ?? StanzaError(.undefinedCondition)
    report(.notice, "bounced", "\(from.bare) did not get a message: \(error.condition.rawValue)")
    let status = DeliveryStatus(id: id, state: .failed, time: wallClock, error: .init(error))
    emit(status, origin: origin(of: id, contact: from), wallClock: wallClock)
    guard error.condition == .notAcceptable, rooms[from]?.isJoined == true else { return }
    lost(from, "the room had forgotten us", .soon, now: now, wallClock: wallClock)
  }

  /// What a message says about one of ours: a receipt (XEP-0184), or a marker (XEP-0333).
  mutating func noteReceipt(in message: XMLElement, from: JID, wallClock: Int64) {
    var news: [(id: String, state: DeliveryStatus.State)] = []
    if let id = MessageReceipts.received(in: message), !id.isEmpty { news.append((id, .delivered)) }
    switch ChatMarkers.marker(in: message) {
    case (.received, let id)?: news.append((id, .delivered))
    case (.displayed, let id)?, (.acknowledged, let id)?: news.append((id, .displayed))
    case nil: break
    }
    guard !news.isEmpty, maySend(to: from) else { return }
    for (id, state) in news {
      let status = DeliveryStatus(id: id, state: state, time: wallClock)
      emit(status, origin: origin(of: id, contact: from), wallClock: wallClock)
    }
  }
}

extension DeliveryStatus.State {
  fileprivate func isBefore(_ other: Self) -> Bool { rank < other.rank }
}
