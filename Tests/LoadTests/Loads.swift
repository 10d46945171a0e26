import Foundation
import TestSupport
import Testing

/// The load tool: many accounts between real servers. What it measures depends on the machine and is only told; what it
/// asserts is that every account comes online, and that nothing is lost.
@Suite(.serialized, .timeLimit(.minutes(60)))
struct Loads {
  private static let table = LoadTable()

  @Test("every account comes online and loses nothing", arguments: LoadPlan.current.cases)
  func column(scene: LoadPlan.Case) async throws {
    let plan = LoadPlan.current
    let figures = try await LoadCourse.play(plan, scene) { plan.tell("\(scene.testDescription): \($0)") }
    for breach in figures.breaches { Issue.record("\(scene.testDescription): \(breach)") }
    Self.table.append(figures)
    let text = Self.table.text(title: plan.title, markdown: plan.isMarkdown)
    if let file = plan.file { try text.write(toFile: file, atomically: true, encoding: .utf8) }
    print("\n\(text)")
  }
}
