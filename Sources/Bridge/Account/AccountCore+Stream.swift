import Delivery
import DequeModule
import Journal
import Mapping
import XMPP

/// What the stream says.
extension AccountCore {
  /// A stream is up and takes stanzas.
  mutating func established(_ established: Established, now: Duration, wallClock: Int64) {
    isOnline = true
    outbound.ledger.sessionUp()
    switch established {
    case .resumed:
      counters.resumes += 1
      report(.notice, "resumed", "the stream goes on")
      requests.wait(from: now)
      if setup.stage == .none {
        if record.isSetUp { wasSetUp(now: now, wallClock: wallClock) } else { beginSetup(now: now) }
      }
    case .new(let info):
      counters.sessions += 1
      streamLost(wallClock: wallClock)
      record.stream = info.id.map {
        .init(jid: info.jid, id: $0, location: info.location, maximum: info.maximum)
      }
      record.began(as: info.jid)
      record.archive.sessionBegan()
      let acknowledged = info.id == nil ? "it cannot be resumed" : "it can be resumed"
      report(.notice, "connected", "a new stream as \(info.jid); \(acknowledged)")
      beginSetup(now: now)
    }
  }

  /// The server has every stanza up to `number`.
  mutating func acknowledged(upTo number: UInt64, now: Duration, wallClock: Int64) {
    let before = record.trimmed
    sent(outbound.acknowledged(upTo: number, record: &record, now: now), wallClock: wallClock)
    isRecordDirty = true
    poisonWatch.passed(record.trimmed)
    if record.trimmed > before {
      writeLazily(.trim(settings.outboundSpool, upTo: record.trimmed), now: now)
    } else if lazySince == nil {
      lazySince = now
    }
  }

  /// The stream is over and cannot be resumed: what the server has not acknowledged goes through the next one.
  mutating func streamLost(wallClock: Int64) {
    rowOfLostStream = outbound.firstRow
    outbound.streamLost(record: &record)
    inbound.ledger.reset(upstream: 0)
    committedInbound = 0
    releasedInbound = 0
    toldInbound = 0
    newest = nil
    setup = SessionSetup()
    for room in rooms.addresses { rooms[room]?.sessionEnded(wallClock: wallClock) }
    requests.forgetAll()
    // Their messages are in the journal, and no count of the next stream covers them.
    for index in receipts.indices { receipts[index].stanza = 0 }
    streamGeneration += 1
    // What a connection waits for has to say that there is nothing to resume.
    if wantsConnection { isSyncWanted = true }
    isRecordDirty = true
    isCommitUrgent = true
  }

  /// The connection is gone. The next one is opened when all that was taken in is on disk.
  /// - Parameter isRefusal: the server closed it, and not because it goes away itself: something that it was sent may be
  ///   why.
  mutating func disconnected(isRefusal: Bool = false) {
    if isRefusal, isOnline { poisonWatch.closedByPeer(first: outbound.firstRow ?? rowOfLostStream) }
    rowOfLostStream = nil
    isOnline = false
    outbound.ledger.sessionDown()
    inbound.ledger.reset(upstream: record.inbound)
    // The server sends again what our count does not cover.
    setup.waiting = []
    newest = nil
    wantsConnection = true
    isSyncWanted = true
  }
}
