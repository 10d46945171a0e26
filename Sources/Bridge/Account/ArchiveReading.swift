import XMPP

/// Reads one archive from a place to its end, page by page (XEP-0313 with XEP-0059): told what came, it says what to ask.
struct ArchiveReading: Sendable, Equatable {
  /// Where a reading begins.
  enum Start: Sendable, Equatable {
    /// Behind a message.
    case after(ArchiveCursor.Point)
    /// At a time, in milliseconds since 1970.
    case time(Int64)
  }

  /// What ties the results to this reading.
  let query: String
  private var start: Start
  private var last: String?
  /// Messages so far.
  private(set) var count = 0
  /// How many there are in all, if the server counts them.
  private(set) var total: Int?
  private var hasFallenBack = false
  /// Failures since something came.
  private var failures = 0

  /// So often in a row a page that fails is asked for again.
  private static let attempts = 15
  /// Messages a page. Servers cut that down to what they like.
  private static let pageSize = 100
  /// Clocks differ, and a message's time is not that of its archiving: so far back a reading by time begins.
  static let overlap: Int64 = 300_000

  /// - Parameter query: an id that nobody can guess.
  init(query: String, from start: Start) {
    self.query = query
    self.start = start
  }

  /// The request for the next page.
  /// - Parameters:
  ///   - id: of the iq.
  ///   - archive: whose archive; nil for the account's own.
  func request(id: String, of archive: JID? = nil) -> [UInt8] {
    var place = last.map { ResultSet.Request.Place.after($0) } ?? .first
    var bound: Int64?
    switch start {
    case .after(let point): place = .after(last ?? point.id)
    // A page behind an item has to be one of the same result: the time goes with every request.
    case .time(let time): bound = time - Self.overlap
    }
    return MessageArchive.request(
      id: id, query: query, of: archive, start: bound, page: .init(place, limit: Self.pageSize))
  }

  /// Whether a result belongs to this reading.
  func answers(_ result: MessageArchive.Result) -> Bool { result.query == query }

  /// A result came.
  mutating func took(_ result: MessageArchive.Result) {
    last = result.id
    count += 1
    failures = 0
  }

  /// What follows a page that ended.
  enum Continuation: Sendable, Equatable {
    /// It was the last.
    case nothing
    /// Another page.
    case page
    /// The same page once more, after a while.
    case again
  }

  /// A page ended.
  mutating func ended(_ end: MessageArchive.End) -> Continuation {
    total = end.page.count ?? total
    if end.isComplete { return .nothing }
    if let last = end.page.last {
      self.last = last
      return .page
    }
    // The last page has to say that it is (XEP-0313 §4.3). ejabberd answers so while it has no database; a server that
    // never says it is not asked for ever.
    return failed() ? .again : .nothing
  }

  /// The server refused a page. Returns whether to ask anew: an archive that has forgotten the message to begin behind is
  /// read from that message's time.
  mutating func refused(_ error: StanzaError) -> Bool {
    guard error.condition == .itemNotFound, case .after(let point) = start, !hasFallenBack else { return false }
    hasFallenBack = true
    start = .time(point.time)
    last = nil
    return true
  }

  /// A page failed. Returns whether to ask for it again after a while: a server that has just started may take clients
  /// before it has its database (ejabberd does), and what is not looked up would be sent twice.
  mutating func failed(_ error: StanzaError) -> Bool {
    guard error.kind == .wait || error.condition == .internalServerError else { return false }
    return failed()
  }

  private mutating func failed() -> Bool {
    failures += 1
    return failures <= Self.attempts
  }
}
