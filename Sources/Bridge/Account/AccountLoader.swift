import BridgeConfig
import Delivery
import Journal
import MQTT
import MQTTClient
import Mapping
import Platform
import Records
import XMPP

/// An account as the configuration wants it and the state file remembers it.
struct LoadedAccount {
  var core: AccountCore
  /// The stream to resume, if an earlier process left one.
  var session: ResumableSession?
  var inbound: MQTTInbound
}

/// Puts an account together at the start, from the configuration and the journal.
struct AccountLoader {
  let configuration: BridgeConfiguration
  let tree: TopicTree
  let journal: any StateReader
  let recovered: Recovered
  let epoch: UInt64
  let responder: IQResponder
  /// Rows of one spool in memory; the rest stays on disk.
  var windowRows = 1_024
  var windowBytes = 8 << 20
  /// How many stanzas may be unacknowledged by the server.
  var streamWindow = 1_000
  /// Random bits that tell the ids of this run from those of all others.
  var drawSeed: () -> UInt64 = { .random(in: 0...(.max)) }

  /// Loads one account.
  /// - Parameter remains: what is left of the account's last machine in this process.
  func load(_ account: AccountConfiguration, after remains: AccountRemains? = nil) throws -> LoadedAccount {
    let keys = AccountKeys(account: account.name)
    let settings = AccountSettings(
      bridge: configuration.bridge.name, jid: account.jid, topics: try tree.account(account.name),
      policy: account.access, status: account.status, binary: account.binary,
      expiry: Expiry(after: configuration.delivery.expireAfter), window: streamWindow, epoch: epoch,
      responder: responder, keys: keys, outboundSpool: journal.spool(keys.outboundSpool),
      inboundSpool: journal.spool(keys.inboundSpool))

    var record = try value(keys.session).map { bytes throws(FieldError) in try SessionRecord(bytes) } ?? SessionRecord()
    if let remains, recovered.setAside == nil { record.learn(from: remains.record) }
    let isStale = isStale(record)
    if isStale || record.stream == nil || !belongs(record.stream, to: account.jid) { record.forgetStream() }
    if isStale { try doubt(&record, settings) }
    record.epoch = epoch
    var outbound = outboundFlow(settings, record)
    let session = try resumable(record, settings, &outbound)
    var core = AccountCore(
      settings: settings, outbound: outbound,
      inbound: inboundFlow(settings, record, handedOut: remains?.handedOut.last ?? 0), record: record,
      roster: try roster(keys), topicSequences: try sequences(keys), redelivery: try redelivery(settings),
      ids: IdentifierSource(seed: drawSeed()),
      seen: try SeenMessages(records: try journal.values(prefix: keys.seenPrefix).map(\.value)),
      memory: try memory(keys), receipts: try receipts(settings, record),
      rooms: try rooms(account, keys, isResumable: session != nil))
    if let remains { core.counters = remains.counters }
    return LoadedAccount(core: core, session: session, inbound: try inbound(account, settings))
  }

  /// A state that is older than what was sent: any message in it may have arrived, and the archive is asked about each.
  private func doubt(_ record: inout SessionRecord, _ settings: AccountSettings) throws {
    let rows = try journal.rows(of: settings.outboundSpool, after: record.trimmed, limit: 1, maxBytes: 1).rows
    guard let oldest = rows.first, let newest = spool(settings.outboundSpool)?.last else { return }
    record.sentBefore = max(record.sentBefore, newest)
    record.doubtSince = min(record.doubtSince ?? .max, oldest.time)
  }

  /// What was found may be older than what was acknowledged: then no stream is resumed, since its counters went on. Whoever
  /// found that out first may have come to nothing before it was written down, so the epoch tells, and not only the present
  /// start.
  private func isStale(_ record: SessionRecord) -> Bool {
    if let written = record.epoch { return written != epoch }
    // There may have been a record.
    return recovered.doubts > 0
  }

  /// A stream of another address, from before the configuration changed, is nothing to resume.
  private func belongs(_ stream: SessionRecord.Stream?, to jid: JID) -> Bool {
    stream?.jid.isSameBare(as: jid) == true
  }

  // MARK: The flows

  private func outboundFlow(_ settings: AccountSettings, _ record: SessionRecord) -> OutboundFlow {
    let found = spool(settings.outboundSpool)
    let newest = found?.last ?? 0
    let done = max(record.trimmed, record.numbered)
    return OutboundFlow(
      ledger: Ledger(hold: configuration.delivery.hold, holdMessages: configuration.delivery.holdMessages),
      window: SpoolWindow(maxCount: windowRows, maxBytes: windowBytes, after: done, newest: newest),
      nextSequence: max(newest, done, record.sentBefore) + 1, budget: budget(found))
  }

  private func inboundFlow(_ settings: AccountSettings, _ record: SessionRecord, handedOut: UInt64) -> InboundFlow {
    let found = spool(settings.inboundSpool)
    let newest = found?.last ?? 0
    return InboundFlow(
      ledger: Ledger(
        hold: configuration.delivery.hold, holdMessages: configuration.delivery.holdMessages, upstream: record.inbound),
      window: SpoolWindow(
        maxCount: windowRows, maxBytes: windowBytes, after: (found?.first ?? 1) - 1, newest: newest),
      nextSequence: max(newest, handedOut) + 1, budget: budget(found))
  }

  private func budget(_ found: Recovered.Spool?) -> JournalBudget {
    JournalBudget(
      maxMessages: configuration.delivery.journalMaxMessages, maxBytes: configuration.delivery.journalMaxBytes,
      messages: found?.count ?? 0, bytes: found?.bytes ?? 0)
  }

  private func spool(_ spool: JournalSpool) -> Recovered.Spool? {
    recovered.spools.first { $0.spool == spool }
  }

  private func resumable(
    _ record: SessionRecord, _ settings: AccountSettings, _ outbound: inout OutboundFlow
  ) throws -> ResumableSession? {
    guard let stream = record.stream else { return nil }
    let count = Int(clamping: record.numbered - min(record.trimmed, record.numbered))
    let page = try journal.rows(
      of: settings.outboundSpool, after: record.trimmed, limit: max(count, 1), maxBytes: .max)
    let rows = try page.rows.prefix { $0.sequence <= record.numbered }.map { try StanzaRow($0) }
    return ResumableSession(
      jid: stream.jid, id: stream.id, location: stream.location, maximum: stream.maximum, inbound: record.inbound,
      outbound: record.acknowledged, unacknowledged: outbound.restore(rows: rows, record: record))
  }

  // MARK: Small records

  private func value(_ key: String) throws(JournalError) -> [UInt8]? {
    try journal.values(prefix: key).first { $0.key == key }?.value
  }

  private func roster(_ keys: AccountKeys) throws -> RosterCache {
    let items = try journal.values(prefix: keys.rosterPrefix).map { try Roster.Item(journal: $0.value) }
    return RosterCache(items: items, isKnown: try value(keys.rosterKnown) != nil)
  }

  private func rooms(_ account: AccountConfiguration, _ keys: AccountKeys, isResumable: Bool) throws -> Rooms {
    let found = Dictionary(
      try journal.values(prefix: keys.roomPrefix).map { (String($0.key.dropFirst(keys.roomPrefix.count)), $0.value) },
      uniquingKeysWith: { $1 })
    let now = Clocks.wall()
    let rooms = try account.rooms.map { room in
      let occupants = try value(keys.roomOccupants(room.jid))
      let record = try found[room.jid.description].map { bytes throws(FieldError) in
        try RoomRecord(bytes, occupants: occupants)
      }
      var loaded = Room(
        jid: room.jid, nick: room.nick, password: room.password.map { String(decoding: $0.bytes, as: UTF8.self) },
        record: record ?? RoomRecord(nick: room.nick, since: now))
      loaded.found(isResumable: isResumable, wallClock: now)
      return loaded
    }
    let configured = Set(rooms.map(\.jid.description))
    let former = found.filter { !configured.contains($0.key) }.compactMap { room, bytes in
      try? JID(room).with(resource: RoomRecord(bytes, occupants: nil).state.nick)
    }
    return Rooms(rooms, former: former)
  }

  private func sequences(_ keys: AccountKeys) throws(JournalError) -> TopicSequences {
    var last: [String: UInt64] = [:]
    for (key, bytes) in try journal.values(prefix: keys.sequencePrefix) {
      last[String(key.dropFirst(keys.sequencePrefix.count))] = TopicSequences.number(bytes)
    }
    return TopicSequences(keys: keys, last: last)
  }

  private func memory(_ keys: AccountKeys) throws -> MessageMemory {
    try MessageMemory(
      records: try journal.values(prefix: keys.publishedPrefix).compactMap { record in
        UInt64(record.key.dropFirst(keys.publishedPrefix.count), radix: 36).map { ($0, record.value) }
      })
  }

  /// Receipts that an earlier process owed. There are few: a receipt goes out when our `h` covers its message.
  private func receipts(_ settings: AccountSettings, _ record: SessionRecord) throws -> [PendingReceipt] {
    try journal.rows(of: settings.inboundSpool, after: record.receipted, limit: Self.owedReceipts, maxBytes: .max).rows
      .map { try PublishRow($0) }
      .compactMap { row in row.receipt.map { PendingReceipt(stanza: 0, row: row.sequence, receipt: $0) } }
  }

  private static let owedReceipts = 1_024

  private func redelivery(_ settings: AccountSettings) throws(JournalError) -> RedeliveryFilter {
    let keys = try journal.redeliveryKeys(of: settings.outboundSpool)
    return RedeliveryFilter(
      keys: keys.map {
        MQTT.RedeliveryKey(packetID: $0.packet, sessionEpoch: UInt64(bitPattern: $0.epoch), hash: $0.hash)
      })
  }

  private func inbound(_ account: AccountConfiguration, _ settings: AccountSettings) throws -> MQTTInbound {
    var onRecord: [String] = []
    if let bytes = try value(settings.keys.filters) {
      var fields = FieldReader(bytes)
      onRecord = try fields.readList { fields throws(FieldError) in try fields.readString() }
    }
    return MQTTInbound(
      clientID: "\(configuration.bridge.name)-in-\(account.name)",
      subscriptions: try settings.topics.filters.map { MQTTSubscription(try TopicFilter($0)) },
      filtersOnRecord: onRecord, holdMessages: max(configuration.delivery.holdMessages, Self.burst))
  }

  /// What has arrived is read in one go, up to so many messages, even if `hold_messages` are fewer: whatever takes custody
  /// of a batch takes it of a hundred at the price of sixteen.
  private static let burst = 100
}
