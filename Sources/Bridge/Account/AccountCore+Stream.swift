import Delivery
import Journal
import Mapping
import XMPP

/// What the stream says.
extension AccountCore {
  /// A stream is up and takes stanzas.
  mutating func established(_ established: Established) {
    switch established {
    case .resumed:
      report(.notice, "resumed", "the stream goes on")
    case .new(let info):
      streamLost()
      record.stream = info.id.map {
        .init(jid: info.jid, id: $0, location: info.location, maximum: info.maximum)
      }
      isRecordDirty = true
      isCommitUrgent = true
      let id = ids.next()
      rosterRequest = id
      outbound.accept(control: Roster.request(id: id))
      let acknowledged = info.id == nil ? "it cannot be resumed" : "it can be resumed"
      report(.notice, "connected", "a new stream as \(info.jid); \(acknowledged)")
    }
    isOnline = true
    outbound.ledger.sessionUp()
  }

  /// The server has every stanza up to `number`.
  mutating func acknowledged(upTo number: UInt64, now: Duration, wallClock: Int64) {
    let before = record.trimmed
    for row in outbound.acknowledged(upTo: number, record: &record, now: now) {
      recent.remember(row.origin)
      let status = DeliveryStatus(id: row.origin.id, state: .sent, time: wallClock)
      emit(status, origin: row.origin, wallClock: wallClock)
    }
    isRecordDirty = true
    if record.trimmed > before {
      writeLazily(.trim(settings.outboundSpool, upTo: record.trimmed), now: now)
    } else if lazySince == nil {
      lazySince = now
    }
  }

  /// The stream is over and cannot be resumed: what the server has not acknowledged goes through the next one.
  mutating func streamLost() {
    outbound.streamLost(record: &record)
    inbound.ledger.reset(upstream: 0)
    committedInbound = 0
    releasedInbound = 0
    toldInbound = 0
    rosterRequest = nil
    streamGeneration += 1
    isRecordDirty = true
    isCommitUrgent = true
  }

  /// The connection is gone. The next one is opened when all that was taken in is on disk.
  mutating func disconnected() {
    isOnline = false
    outbound.ledger.sessionDown()
    inbound.ledger.reset(upstream: record.inbound)
    wantsConnection = true
    isSyncWanted = true
  }
}
