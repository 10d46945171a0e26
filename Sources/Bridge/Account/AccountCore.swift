import Delivery
import DequeModule
import Journal
import MQTT
import Mapping
import XMPP

/// One account, whole, as a function of what happens to it: bytes, times and acknowledgements in, actions out.
///
/// Its one law is the bridge's: nothing is acknowledged upstream before somebody downstream, or the synced journal,
/// has it. Every effect is written to the journal first and takes place when the commit comes back; the inputs of one
/// turn of the event loop share one commit, which `endTurn` submits.
///
/// The inputs are in the extensions: `+MQTT` and `+Stream` take what the two links say, `+Stanzas` and `+Messages` read
/// stanzas, `+Setup` makes a new session ready, `+Archives` reads archives, `+Rooms` is in rooms, `+Statuses` tells what became of messages, `+Turn` closes a turn.
struct AccountCore: Sendable {
  let settings: AccountSettings

  var outbound: OutboundFlow
  var inbound: InboundFlow
  var record: SessionRecord
  var roster: RosterCache
  var topicSequences: TopicSequences
  var redelivery: RedeliveryFilter
  var addresses: AddressCache
  var recentSender = RecentSender()
  var rooms: Rooms
  var ids: IdentifierSource
  /// What was taken in lately, so that it is taken in once.
  var seen: SeenMessages
  /// What became of the messages whose publishers want to know.
  var memory: MessageMemory
  /// The largest stanza that is sent, in bytes: what the server announces (XEP-0478), else what every server takes.
  var stanzaLimit = Self.usualStanzaLimit

  // MARK: The two links

  /// The stream takes stanzas now.
  var isOnline = false
  var isBrokerUp = false
  /// A connection to the server waits until everything taken in is on disk.
  var wantsConnection = false
  var hasOpenedInbound = false
  /// The in connection is dropped since the journal is full.
  var isInboundSuspended = false
  /// The stream's connection is dropped since the journal is full.
  var isStreamSuspended = false
  /// The same, as people hear of it.
  var outboundFull = Disturbance()
  var inboundFull = Disturbance()
  /// Nothing more is published: what waits is for the next process.
  var isLeaving = false
  /// The account's own requests that wait for answers.
  var requests = PendingRequests<OwnRequest>()
  /// How far a new session is ready.
  var setup = SessionSetup()
  /// Looks for the message that no server takes.
  var poisonWatch = PoisonWatch()
  /// The first row that a stream which is over had not seen acknowledged, until its connection ends too.
  var rowOfLostStream: UInt64?
  /// Receipts that are owed once our `h` covers their messages.
  var receipts: Deque<PendingReceipt>
  /// Counts streams: a commit that was submitted for an earlier one hands nothing to the present one.
  var streamGeneration: UInt64 = 0
  /// Where the ledgers stand: what a sync that is asked for now will cover.
  var lastRead = Ledger.Position(rawValue: 0)
  var lastTaken = Ledger.Position(rawValue: 0)
  /// The last inbound stanza that was counted, whether or not it is part of a commit yet.
  var newest: (number: UInt64, position: Ledger.Position)?
  /// Inbound stanzas: counted in a committed record, released by the ledger, told to the server.
  var committedInbound: UInt64 = 0
  var releasedInbound: UInt64 = 0
  var toldInbound: UInt64 = 0

  // MARK: The commit in the making

  var operations: [JournalOperation] = []
  var effects = CommitEffects()
  var isRecordDirty = false
  var isCommitUrgent = false
  var isSyncWanted = false
  /// Since when operations wait that may wait for company: a trim that is lost is only done again.
  var lazySince: Duration?
  /// How many of the broker's answers are among them.
  var lazyAnswers = 0
  var submitted: Deque<CommitEffects> = []
  var nextTicket: UInt64 = 1
  var nextExpiryCheck: Duration?

  /// What has happened so far, for whoever asks.
  var counters = AccountCounters()

  private var actions: [AccountAction] = []

  private static let usualStanzaLimit = 256 << 10

  /// Takes note of the limit that the server announces, if it does.
  mutating func announced(stanzaLimit limit: Int?) { stanzaLimit = limit ?? Self.usualStanzaLimit }

  init(
    settings: AccountSettings, outbound: OutboundFlow, inbound: InboundFlow, record: SessionRecord,
    roster: RosterCache, topicSequences: TopicSequences, redelivery: RedeliveryFilter, ids: IdentifierSource,
    seen: SeenMessages = SeenMessages(), memory: MessageMemory = MessageMemory(), receipts: [PendingReceipt] = [],
    rooms: Rooms = Rooms()
  ) {
    self.settings = settings
    self.outbound = outbound
    self.inbound = inbound
    self.record = record
    self.roster = roster
    self.topicSequences = topicSequences
    self.redelivery = redelivery
    self.ids = ids
    self.seen = seen
    self.memory = memory
    self.receipts = Deque(receipts)
    self.rooms = rooms
    // An earlier process told it, or the `<resume/>` will.
    toldInbound = record.inbound
    addresses = AddressCache(settings.topics)
  }

  /// Takes what is to be done, in order.
  mutating func takeActions() -> [AccountAction] {
    guard !actions.isEmpty else { return [] }
    defer { actions.removeAll(keepingCapacity: true) }
    return actions
  }

  /// Whether what this address says is published.
  func mayTalk(_ sender: JID) -> Bool {
    settings.policy.mayTalk(from: sender, isContact: { roster.contains($0) }, isRoom: { rooms.contains($0) })
  }

  /// Whether messages to this address are sent.
  func maySend(to recipient: JID) -> Bool {
    settings.policy.maySend(to: recipient, isContact: { roster.contains($0) }, isRoom: { rooms.contains($0) })
  }

  /// Nothing is under way in either direction, and the journal has everything.
  var isSettled: Bool {
    (outbound.isSettled || !isOnline) && (inbound.isSettled || !isBrokerUp) && submitted.isEmpty && !isCommitUrgent
      && lazySince == nil
  }

  mutating func act(_ action: AccountAction) { actions.append(action) }

  mutating func report(_ level: Report.Level, _ event: String, _ detail: String) {
    act(.report(Report(level: level, event: event, detail: detail)))
  }

  /// Adds to the turn's commit, which is submitted at its end.
  mutating func write(_ operation: JournalOperation) {
    operations.append(operation)
    isCommitUrgent = true
  }

  /// Adds what may wait a few milliseconds for company.
  mutating func writeLazily(_ operation: JournalOperation, now: Duration) {
    operations.append(operation)
    if lazySince == nil { lazySince = now }
  }

  /// Begins: everything an earlier process left is put on disk before a `<resume/>` may speak of it.
  mutating func start() {
    wantsConnection = true
    isSyncWanted = true
    outbound.ledger.sessionDown()
    inbound.ledger.sessionDown()
    leaveFormerRooms()
    openInboundIfReady()
  }

  /// The in connection is opened when the policy can judge what comes through it.
  mutating func openInboundIfReady() {
    guard !hasOpenedInbound, roster.isKnown || !settings.needsRosterToSend else { return }
    hasOpenedInbound = true
    act(.openInbound)
  }
}
