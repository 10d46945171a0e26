/// Something that happened, as `P/bridge/event` tells it.
public struct BridgeEvent: Sendable, Hashable {
  /// How much it matters; the words are those of the log.
  public enum Level: String, Sendable, Hashable, CaseIterable {
    /// For whoever looks for a fault in the bridge.
    case trace
    /// For whoever looks for a fault around it.
    case debug
    /// As it should be.
    case info
    /// As it should be, but seldom.
    case notice
    /// Not as it should be; the bridge goes on.
    case warning
    /// Something was refused or lost.
    case error
  }

  /// When, in milliseconds since 1970.
  public var time: Int64
  /// How much it matters.
  public var level: Level
  /// A word for machines: `connected`, `bad-topic`, …
  public var event: String
  /// The account or component concerned; nil if it is the bridge itself.
  public var entity: String?
  /// A sentence for people.
  public var detail: String?

  /// An event.
  public init(time: Int64, level: Level, event: String, entity: String? = nil, detail: String? = nil) {
    self.time = time
    self.level = level
    self.event = event
    self.entity = entity
    self.detail = detail
  }

  /// The object of the contract.
  public var json: [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("time", time: time)
    writer.member("level", level.rawValue)
    writer.member("event", event)
    writer.member("entity", entity)
    writer.member("detail", detail)
    writer.endObject()
    return writer.bytes
  }
}
