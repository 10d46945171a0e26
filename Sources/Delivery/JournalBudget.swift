/// How much of the journal one account or component uses of what it may use.
///
/// Full and not full lie apart, so that a link is not dropped and reopened for every message that leaves.
public struct JournalBudget: Sendable, Equatable {
  /// A border that was crossed.
  public enum Change: Sendable, Equatable {
    /// A limit is reached: take in nothing more.
    case filled
    /// Rows and bytes are both down to 90 % of their limits: take in again.
    case hasRoom
  }

  private let maxMessages: Int
  private let maxBytes: Int

  /// Rows in the journal.
  public private(set) var messages: Int
  /// Their bytes.
  public private(set) var bytes: Int
  /// True from the moment a limit is reached until there is room again.
  public private(set) var isFull: Bool

  /// - Parameters:
  ///   - maxMessages: rows that make it full (`journal_max_messages`); less than 1 counts as 1.
  ///   - maxBytes: bytes that make it full (`journal_max_bytes`); less than 1 counts as 1.
  ///   - messages: rows found at the start.
  ///   - bytes: their bytes.
  public init(maxMessages: Int, maxBytes: Int, messages: Int = 0, bytes: Int = 0) {
    self.maxMessages = max(maxMessages, 1)
    self.maxBytes = max(maxBytes, 1)
    self.messages = messages
    self.bytes = bytes
    isFull = messages >= self.maxMessages || bytes >= self.maxBytes
  }

  /// Rows were written.
  /// - Returns: `.filled` if a limit is reached by them.
  public mutating func added(messages: Int = 1, bytes: Int) -> Change? {
    self.messages += messages
    self.bytes += bytes
    guard !isFull, self.messages >= maxMessages || self.bytes >= maxBytes else { return nil }
    isFull = true
    return .filled
  }

  /// Rows are gone.
  /// - Returns: `.hasRoom` if it was full and now is not.
  public mutating func removed(messages: Int = 1, bytes: Int) -> Change? {
    self.messages = max(0, self.messages - messages)
    self.bytes = max(0, self.bytes - bytes)
    guard isFull, self.messages <= Self.low(maxMessages), self.bytes <= Self.low(maxBytes) else { return nil }
    isFull = false
    return .hasRoom
  }

  /// 90 %, rounded down, and less than the limit.
  private static func low(_ limit: Int) -> Int { limit / 10 * 9 + limit % 10 * 9 / 10 }
}
