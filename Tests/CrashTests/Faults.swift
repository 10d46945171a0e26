import Foundation
import TestSupport
import Testing

/// The fault rig: every fault that the delivery promise names happens to the built bridge between real servers while
/// numbered messages go both ways, and the account must be what the promise says.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct Faults {
  private static let table = FaultTable()

  @Test("loses nothing, and doubles only what the promise says", arguments: Campaign.current.scenes)
  func row(scene: Campaign.Scene) async throws {
    let campaign = Campaign.current
    var row: FaultTable.Row
    do {
      row = try await campaign.play(scene) { Self.table.note($0) }
    } catch {
      row = FaultTable.Row(scene, failed: error)
    }
    for breach in row.breaches { Issue.record("\(scene.name): \(breach) (seed \(campaign.seed))") }
    let isComplete = Self.table.append(row) == campaign.scenes.count
    let text = Self.table.text(seed: campaign.seed, markdown: campaign.isMarkdown)
    if let file = campaign.file { try text.write(toFile: file, atomically: true, encoding: .utf8) }
    if isComplete { print("\n\(text)") }
  }
}
