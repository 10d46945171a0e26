/// The MQTT versions we speak.
public enum MQTTVersion: UInt8, Sendable, Hashable, CustomStringConvertible {
  /// 3.1.1.
  case v311 = 4
  /// 5.
  case v5 = 5

  /// `5` or `3.1.1`.
  public var description: String { self == .v5 ? "5" : "3.1.1" }
}

/// Which version to connect with: MQTT 5, until the broker shows that it does not know it.
///
/// A broker that does not may say so in its CONNACK, and then that is settled. Or it just closes the connection, as a
/// broker does that is shutting down, or a proxy whose broker is. So silence counts only three times in a row and before
/// MQTT 5 was ever accepted; and a 3.1.1 connection that came about like that is the last of its kind.
public struct ProtocolFallback: Sendable, Equatable {
  /// The version of the next connect.
  public private(set) var version: MQTTVersion
  private let mayFallBack: Bool
  private var hasSpoken5 = false
  private var isSettled = false
  private var silentCloses = 0

  /// Silent closes in a row that stand for a refusal.
  public static let closesTaken = 3

  /// - Parameter preferred: the version to begin with; 3.1.1 is never left.
  public init(preferred: MQTTVersion) {
    version = preferred
    mayFallBack = preferred == .v5
  }

  /// A CONNACK accepted a connection.
  public mutating func accepted(_ used: MQTTVersion) {
    silentCloses = 0
    if used == .v5 { hasSpoken5 = true }
  }

  /// A CONNACK said that it does not support the version that was used.
  /// - Returns: true if the next connect will use another one, and may be made at once.
  public mutating func refused(_ used: MQTTVersion) -> Bool {
    guard mayFallBack, used == version else { return used != version }
    silentCloses = 0
    isSettled = used == .v5
    version = used == .v5 ? .v311 : .v5
    return used == .v5
  }

  /// The broker closed a connection without any answer to CONNECT.
  public mutating func closedSilently(_ used: MQTTVersion) {
    guard mayFallBack, !hasSpoken5, !isSettled, used == version else { return }
    silentCloses += 1
    guard used == .v311 || silentCloses >= Self.closesTaken else { return }
    silentCloses = 0
    version = used == .v5 ? .v311 : .v5
  }

  /// A connection that had been accepted ended.
  public mutating func lost() {
    if mayFallBack, !isSettled { version = .v5 }
  }
}
