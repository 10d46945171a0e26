import Platform
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

/// Thousands of numbered messages each way at the same time, at full speed, and the account of what arrived.
struct Traffic: Sendable {
  let rig: BridgeRig
  private let toXMPP: MessageAudit
  private let toMQTT: MessageAudit

  /// - Parameter count: messages each way.
  init(_ rig: BridgeRig, count: Int) {
    self.rig = rig
    toXMPP = MessageAudit("to-xmpp", count: count)
    toMQTT = MessageAudit("to-mqtt", count: count)
  }

  /// What arrived at the two ends.
  struct Result: Sendable {
    /// Messages to alice.
    var toXMPP: MessageAudit
    /// Messages to the device.
    var toMQTT: MessageAudit
    /// The `seq` of each message to the device.
    var sequence: [Int]

    /// Whether each `seq` that the device had not seen before is one more than the last such.
    var isInOrderOfSequence: Bool {
      var last = (sequence.first ?? 1) - 1
      for seq in sequence where seq > last {
        guard seq == last + 1 else { return false }
        last = seq
      }
      return true
    }

    /// Repeats of a `seq`, once for every repeat.
    var repeats: Int { sequence.count - Set(sequence).count }
  }

  /// Sends everything while `fault` happens again and again, evenly spread over the messages to alice; returns when all
  /// messages have arrived at both ends.
  /// - Parameter part: over which first part of the messages the faults are spread.
  func run(
    faults: Int = 0, within part: Double = 1, _ fault: @Sendable () async throws -> Void = {}
  ) async throws -> Result {
    let (rig, ascending, descending) = (rig, toXMPP.bodies, toMQTT.bodies)
    let topic = rig.sendTopic
    async let published = rig.device.publish(contentsOf: ascending.map { MQTTMessage(topic, $0) })
    async let sent: Void = rig.alice.send(bodies: descending, to: rig.botJID)
    for number in 0..<faults {
      let progress = Int(part * Double(toXMPP.count)) * (number + 1) / (faults + 1)
      let wanted = toXMPP.body(progress)
      _ = try await rig.alice.messages.first("message \(progress)", timeout: Patience.stream) { $0.body == wanted }
      try await fault()
    }
    _ = try await (published, sent)
    return try await finish()
  }

  private func finish() async throws -> Result {
    let (up, down) = (toXMPP, toMQTT)
    let messageTopic = rig.messageTopic
    _ = try await rig.alice.messages.first("the last message to alice", timeout: Patience.stream) {
      up.isLast($0.body)
    }
    // In their own order, or in that of the server: all of them.
    let missing = Lock(Set(0..<down.count))
    _ = try await rig.device.messages.first("every message to the device", timeout: Patience.stream) {
      guard $0.topic == messageTopic, let message = try? BridgedMessage($0),
        let number = down.number(in: message.body ?? "")
      else { return false }
      return missing.withLock { missing in
        missing.remove(number)
        return missing.isEmpty
      }
    }
    var result = Result(toXMPP: toXMPP, toMQTT: toMQTT, sequence: [])
    result.toXMPP.record(contentsOf: rig.alice.messages.all.map(\.body))
    let bridged = try rig.bridgedSoFar
    result.toMQTT.record(contentsOf: bridged.map { $0.body ?? "" })
    result.sequence = bridged.map(\.seq)
    return result
  }
}
