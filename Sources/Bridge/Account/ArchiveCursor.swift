import Records
import XMPP

/// How far an archive has been read (XEP-0313), and whether something of it is owed.
///
/// Live messages move the cursor too, but it stays behind them: a server may archive two messages in one order and deliver
/// them in the other, so a cursor at the newest one could step over one that got lost with its session. What is read
/// twice for that is known by its id.
struct ArchiveCursor: Sendable, Equatable {
  /// A place in an archive.
  struct Point: Sendable, Equatable {
    /// The archive's id of a message.
    var id: String
    /// When that was archived, in milliseconds since 1970.
    var time: Int64
  }

  /// Everything up to here is in the journal.
  private(set) var point: Point?
  /// The next point, once it is old enough.
  private(set) var candidate: Point?
  /// Messages since the candidate.
  private var passed: UInt16 = 0
  /// When there was no archive to read yet: what is older is nobody's debt. In milliseconds since 1970.
  private(set) var since: Int64?
  /// A session began and what came before it has not been read: live messages do not move the cursor.
  private(set) var isOwed = false

  /// The candidate becomes the point after so much time or so many messages.
  private static let lag: Int64 = 60_000
  private static let lagMessages: UInt16 = 256

  /// Whether an archive was ever looked at.
  var isStarted: Bool { since != nil || point != nil }

  /// A new session begins: what the archive got since is owed, whether or not there is still an archive.
  mutating func sessionBegan() { isOwed = isStarted }

  /// There is an archive. What is older than the first one that was seen is nobody's debt.
  /// - Parameter now: in milliseconds since 1970.
  mutating func found(now: Int64) {
    if !isStarted { since = now }
  }

  /// Everything has been read up to the live messages.
  mutating func caughtUp() { isOwed = false }

  /// A page was read up to this message, in the archive's order.
  mutating func read(_ point: Point) {
    self.point = point
    candidate = nil
    passed = 0
  }

  /// A live message is in the journal.
  mutating func passed(_ message: Point) {
    guard !isOwed else { return }
    passed &+= 1
    guard let candidate else { return restart(at: message) }
    guard message.time - candidate.time >= Self.lag || passed >= Self.lagMessages else { return }
    point = candidate
    restart(at: message)
  }

  private mutating func restart(at message: Point) {
    candidate = message
    passed = 0
  }
}

extension ArchiveCursor {
  /// Adds the cursor to a record of the journal.
  func write(into fields: inout FieldWriter) {
    for point in [point, candidate] {
      fields.write(point) { fields, point in
        fields.write(point.id)
        fields.write(point.time)
      }
    }
    fields.write(since) { $0.write($1) }
    fields.write(isOwed)
  }

  /// Reads a cursor back; throws if the journal's bytes are damaged.
  init(from fields: inout FieldReader) throws(FieldError) {
    point = try fields.readOptional { fields throws(FieldError) in try Point(from: &fields) }
    candidate = try fields.readOptional { fields throws(FieldError) in try Point(from: &fields) }
    since = try fields.readOptional { fields throws(FieldError) in try fields.read() }
    isOwed = try fields.readBool()
  }
}

extension ArchiveCursor.Point {
  fileprivate init(from fields: inout FieldReader) throws(FieldError) {
    id = try fields.readString()
    time = try fields.read()
  }
}
