import TestSupport
import Testing

/// Scenarios with the built bridge between real servers. One after the other: each brings a machine's worth of
/// processes with it.
@Suite(.serialized, .timeLimit(.minutes(5)))
enum Integration {
  /// What carries the messages: every scenario that moves many of them runs on all of these.
  struct Road: Sendable, CustomTestStringConvertible {
    let server: XMPPServerKind
    let mqtt: MQTTTestClient.Version

    var testDescription: String { "\(server), MQTT \(mqtt)" }

    static let all = XMPPServerKind.allCases.flatMap { server in
      MQTTTestClient.Version.allCases.map { Road(server: server, mqtt: $0) }
    }
  }
}

extension Traffic {
  /// The full speed of two thousand messages each way, in portions with a fault in the midst of each but the last.
  static func run(
    _ rig: BridgeRig, faults: Int = 0, _ fault: @Sendable () async throws -> Void = {}
  ) async throws -> Result {
    let burst = 2_000 / (faults + 1)
    let traffic = Traffic(rig, burst: burst)
    try await traffic.run([Instant](repeating: .init(after: burst / 2), count: faults)) { _ in try await fault() }
    return try await traffic.result()
  }
}
