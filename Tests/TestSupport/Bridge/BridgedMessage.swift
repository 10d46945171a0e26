import Foundation

/// The JSON that the bridge publishes on `E/message/J` and `E/room/J`.
public struct BridgedMessage: Sendable, Codable {
  /// Counts the messages of its topic by one.
  public var seq: Int
  /// Changes when the state was erased.
  public var epoch: Int
  /// The stanza's id.
  public var id: String?
  /// Full JID of the sender.
  public var from: String
  /// The text.
  public var body: String?
  /// RFC 3339.
  public var time: String
  /// Whether it was delivered late.
  public var delayed: Bool?
  /// In a room: whether we said it ourselves.
  public var isOwn: Bool?
  /// In a room: the speaker's nickname.
  public var nick: String?

  private enum CodingKeys: String, CodingKey {
    case seq, epoch, id, from, body, time, delayed, nick
    case isOwn = "self"
  }

  /// Decodes a publish.
  public init(_ message: MQTTMessage) throws {
    do {
      self = try JSONDecoder().decode(BridgedMessage.self, from: Data(message.payload))
    } catch {
      throw TestFailure("no message JSON: \(message): \(error)")
    }
  }
}

/// The JSON that the bridge publishes on `…/status`.
public struct BridgedStatus: Sendable, Codable {
  /// Why a message failed.
  public struct Reason: Sendable, Codable {
    /// The condition's name.
    public var condition: String
    /// For people.
    public var text: String?
  }

  /// The id of the message.
  public var id: String
  /// `queued`, `sent`, `delivered`, `displayed` or `failed`.
  public var state: String
  /// RFC 3339.
  public var time: String
  /// Only with `failed`.
  public var error: Reason?

  /// Decodes a publish.
  public init(_ message: MQTTMessage) throws {
    do {
      self = try JSONDecoder().decode(BridgedStatus.self, from: Data(message.payload))
    } catch {
      throw TestFailure("no status JSON: \(message): \(error)")
    }
  }
}
