import Foundation
import TestSupport
import Testing

/// What the environment asks for.
///
/// - `FAULTS`: `short` (default) or `long`.
/// - `FAULTS_SEED`: where the random instants start; without it a new one each time, which the table names.
/// - `FAULTS_ONLY`: only rows whose name, with that of the server, contains it.
/// - `FAULTS_FORMAT`: `markdown` for a table that can be put into a document.
/// - `FAULTS_TABLE`: a file that gets the table, too.
struct Campaign: Sendable {
  let length: Length
  let seed: UInt64
  let only: String
  let isMarkdown: Bool
  let file: String?

  static let current = Campaign(ProcessInfo.processInfo.environment)

  init(_ environment: [String: String]) {
    length = environment["FAULTS"].flatMap(Length.init) ?? .short
    seed = environment["FAULTS_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 1...999_999)
    only = environment["FAULTS_ONLY"] ?? ""
    isMarkdown = environment["FAULTS_FORMAT"] == "markdown"
    file = environment["FAULTS_TABLE"]
  }

  /// One row with one server.
  struct Scene: Sendable, CustomTestStringConvertible {
    let fault: Fault
    let server: XMPPServerKind

    /// Prosody's rows are over MQTT 5, ejabberd's over 3.1.1.
    var mqtt: MQTTTestClient.Version { server == .prosody ? .v5 : .v311 }
    var name: String { "\(fault.name), \(server), MQTT \(mqtt)" }
    var testDescription: String { name }
  }

  /// Everything that is to happen.
  var scenes: [Scene] {
    let all = Fault.all(length).flatMap { fault in fault.servers(length).map { Scene(fault: fault, server: $0) } }
    return all.filter { only.isEmpty || $0.name.contains(only) }
  }

  /// Messages in the burst of a portion.
  var burst: Int { length == .short ? 150 : 400 }

  // MARK: One row

  /// Lets a fault happen as often as it should, and counts.
  /// - Parameter note: takes sentences that are to stand below the table.
  func play(_ scene: Scene, note: @escaping @Sendable (String) -> Void) async throws -> FaultTable.Row {
    let dose = scene.fault.dose(length)
    var row = FaultTable.Row(scene, times: dose.rounds * dose.times)
    for round in 0..<dose.rounds {
      row.add(try await play(scene, round: round, times: dose.times, note))
    }
    if row.lostByServer > 0 {
      note(
        "\(scene.fault.name), \(scene.server): \(row.lostByServer) messages that the server had read are not in the "
          + "recipient's archive and were never delivered; they are not counted")
    }
    return row
  }

  private func play(
    _ scene: Scene, round: Int, times: Int, _ note: @escaping @Sendable (String) -> Void
  ) async throws -> Traffic.Result {
    var options = BridgeRig.Options(server: scene.server, mqtt: scene.mqtt)
    options.xmppOptions.archive = true
    try scene.fault.prepare(&options)
    let rig = try await BridgeRig.start(options)
    let traffic = Traffic(rig, burst: burst)
    let instants = (0..<times).map { number in
      instant(generator(scene, round: round, number: number, "instant"), number: round * times + number)
    }
    do {
      try await traffic.run(instants, hushed: scene.fault.hushed) { number in
        let random = generator(scene, round: round, number: number, "strike")
        try await scene.fault.strike(
          Strike(
            rig: rig, traffic: traffic, number: number, length: length, random: random,
            note: { note("\(scene.fault.name), \(scene.server): \($0)") }))
      }
      let result = try await traffic.result(usesArchive: scene.fault.usesArchive)
      let gaps = result.toXMPP.unwitnessed
      if !gaps.isEmpty {
        note(
          "\(scene.fault.name), \(scene.server): \(gaps.count) messages that the recipient got are not in the sender's "
            + "archive")
      }
      return result
    } catch {
      let log = rig.bridge.log.all.suffix(40).joined(separator: "\n")
      throw TestFailure("\(scene.name), round \(round) of seed \(seed): \(error)\nthe bridge's log:\n\(log)")
    }
  }

  /// Faults at a steady rate and at full rate take turns.
  private func instant(_ random: SeededGenerator, number: Int) -> Traffic.Instant {
    var random = random
    let pace = number.isMultiple(of: 2) ? Traffic.Pace.full : .steady
    return Traffic.Instant(
      after: Int.random(in: 0..<(pace == .full ? burst : 20), using: &random),
      way: Traffic.Way.allCases.randomElement(using: &random) ?? .toXMPP, pace: pace)
  }

  /// Numbers of its own for each purpose, so that leaving one row out changes no other.
  private func generator(_ scene: Scene, round: Int, number: Int, _ purpose: String) -> SeededGenerator {
    let text = "\(scene.fault.name)/\(scene.server)/\(round)/\(number)/\(purpose)"
    // FNV-1a
    let hash = text.utf8.reduce(14_695_981_039_346_656_037 as UInt64) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
    return SeededGenerator(seed: seed ^ hash)
  }
}
