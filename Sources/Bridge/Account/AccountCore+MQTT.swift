import Delivery
import Journal
import MQTT
import Records

/// What the MQTT side says.
extension AccountCore {
  /// The in connection is up.
  /// - Parameter index: the last index that was read on an earlier one.
  mutating func inboundConnected(sessionPresent: Bool, index: UInt64) {
    redelivery.connected(sessionPresent: sessionPresent)
    // Packet identifiers begin anew with a session: an old key could swallow a new message.
    if !sessionPresent { write(.clearRedelivery(settings.outboundSpool)) }
    outbound.inboundConnectionLost(index: index)
  }

  /// A batch that the in connection has read.
  mutating func received(_ batch: [InboundPublish], now: Duration, wallClock: Int64) {
    for publish in batch {
      lastRead = outbound.ledger.append(copies: 1, now: now)
      switch redelivery.check(publish) {
      case .redelivered: outbound.acceptAgain(position: lastRead, trimmed: record.trimmed, now: now)
      case .new(let key): takeIn(publish, key: key, now: now, wallClock: wallClock)
      case .unidentified: takeIn(publish, key: nil, now: now, wallClock: wallClock)
      }
    }
  }

  private mutating func takeIn(_ publish: InboundPublish, key: MQTT.RedeliveryKey?, now: Duration, wallClock: Int64) {
    switch interpret(publish, wallClock: wallClock) {
    case .ignored(let reason):
      outbound.ledger.confirmed(lastRead, now: now)
      if let reason { report(.warning, "ignored", reason) }
      return
    case .refused(let refusal):
      // Its `failed` status is a row of this commit: once that is done, nothing more is owed.
      effects.settled.append(lastRead)
      isCommitUrgent = true
      report(.warning, refusal.event, refusal.detail)
      self.publish(refusal.status(wallClock: wallClock), origin: refusal.origin, wallClock: wallClock)
    case .message(let message):
      let row = outbound.accept(
        stanza: message.stanza, origin: message.origin, expires: message.expires, position: lastRead,
        wallClock: wallClock)
      write(.append(settings.outboundSpool, [row.journalRow]))
      if message.origin.isAsked {
        let hash = MessageMemory.hash(payload: publish.payload)
        memory.remember(message.origin, payload: hash, time: wallClock, keys: settings.keys).forEach { write($0) }
      }
    case .repeated(let origin, let status):
      outbound.acceptAgain(position: lastRead, trimmed: record.trimmed, now: now)
      if let status { self.publish(status, origin: origin, wallClock: wallClock) }
    }
    if let key {
      let epoch = Int64(truncatingIfNeeded: key.sessionEpoch)
      write(.redelivery(settings.outboundSpool, [.init(packet: key.packetID, epoch: epoch, hash: key.hash)]))
    }
  }

  /// The shared out connection came up or went down.
  mutating func broker(isUp: Bool) {
    isBrokerUp = isUp
    if isUp { inbound.ledger.sessionUp() } else { inbound.ledger.sessionDown() }
  }

  /// The broker's answers to publishes.
  mutating func published(_ results: [PublishResult], now: Duration) {
    var trimmed: UInt64?
    for result in results {
      if let refusal = result.refusal { report(.error, "publish-refused", "a message was not published: \(refusal)") }
      guard let confirmation = inbound.confirmed(result.token, now: now) else { continue }
      if confirmation.isMessage, result.refusal == nil { counters.toMQTT += 1 }
      trimmed = confirmation.trimmed ?? trimmed
    }
    lazyAnswers += results.count
    if let trimmed { writeLazily(.trim(settings.inboundSpool, upTo: trimmed), now: now) }
    if lazyAnswers >= Self.mostLazyAnswers { isCommitUrgent = true }
  }
}

extension AccountCore {
  /// The broker has subscribed the in connection to these filters.
  mutating func subscribed(_ filters: [String], refused: [String: ReasonCode]) {
    var fields = FieldWriter()
    fields.write(list: filters) { $0.write($1) }
    write(.set(key: settings.keys.filters, fields.bytes))
    for (filter, code) in refused {
      report(.error, "subscription-refused", "the broker refuses the subscription to \(filter): \(code)")
    }
  }
}
