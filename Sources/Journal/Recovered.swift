/// What was found when the journal was opened.
public struct Recovered: Sendable, Equatable {
  /// How far what was found can be trusted to be all that was written.
  public enum Continuity: Sendable, Equatable {
    /// There was nothing: the journal has just been made.
    case new
    /// It was closed in order: everything is there.
    case closed
    /// The process ended without closing it and the system went on: everything is there.
    case interrupted
    /// The system went down without its having been closed: what was not synced may be missing.
    case uncertain
    /// It is not the file that was written last, but a copy, which may be of any age.
    case copied
  }

  /// What one spool holds.
  public struct Spool: Sendable, Equatable {
    /// The spool.
    public var spool: JournalSpool
    /// Its name.
    public var name: String
    /// The lowest sequence; nil when it is empty.
    public var first: UInt64?
    /// The highest sequence; nil when it is empty.
    public var last: UInt64?
    /// How many rows.
    public var count: Int
    /// The sum of their ``JournalRow/bytes``.
    public var bytes: Int
  }

  /// A file that could not be used and was put out of the way.
  public struct SetAside: Sendable, Equatable {
    /// Where it is now.
    public var path: String
    /// What was wrong with it.
    public var reason: String
  }

  /// How far the content can be trusted.
  public var continuity: Continuity
  /// How often the journal has been opened, this time included.
  public var generation: Int64
  /// How often it could not be trusted when it was opened, this time included. The count is on disk before anybody hears of
  /// a doubt, so that a doubt outlives a process that has not come to heed it.
  public var doubts: UInt64
  /// Every spool that was ever made, in the order of making.
  public var spools: [Spool]
  /// What was in the place of the file before; nil if nothing had to go.
  public var setAside: SetAside? = nil
}
