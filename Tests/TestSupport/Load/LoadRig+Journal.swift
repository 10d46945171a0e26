import Foundation

/// What waits in the bridge's journal.
extension LoadRig {
  /// The part of `status --json` that tells of it.
  public struct Journal: Sendable, Decodable {
    /// Messages of all accounts, both ways.
    public var messages: Int
    /// What the state file and its log take on the disk.
    public var fileBytes: Int

    private enum CodingKeys: String, CodingKey {
      case messages
      case fileBytes = "file_bytes"
    }
  }

  /// What the running bridge says of it.
  public func journal() async throws -> Journal {
    struct Status: Decodable { var journal: Journal }
    let output = try await bridge.command(["status", "--json"]).lines.joined()
    guard let status = try? JSONDecoder().decode(Status.self, from: Data(output.utf8)) else {
      throw TestFailure("the bridge's status cannot be read: \(output.prefix(200))")
    }
    return status.journal
  }

  /// Returns once so many messages wait there.
  /// - Throws: `TimedOut` if none has been added for long.
  public func journalHolds(_ count: Int) async throws {
    var (most, lastNews) = (-1, ContinuousClock.now)
    while true {
      let messages = try await journal().messages
      if messages >= count { return }
      if messages > most { (most, lastNews) = (messages, .now) }
      guard lastNews.duration(to: .now) < Patience.stream else {
        throw TimedOut("\(count) messages in the journal, which has \(messages)", after: Patience.stream)
      }
      try await Task.sleep(for: .milliseconds(20))
    }
  }
}
