import Foundation
import TestSupport
import Testing

/// The load tool: many accounts, or many waiting messages, between real servers. What it measures depends on the machine
/// and is only told; what it asserts is that every account comes online, and that nothing is lost.
@Suite(.serialized, .timeLimit(.minutes(60)))
struct Loads {
  private static let accounts = LoadTable(LoadFigures.rows)
  private static let waiting = LoadTable(WaitingFigures.rows)

  @Test("every account comes online and loses nothing", arguments: LoadPlan.current.cases)
  func accounts(scene: LoadPlan.Case) async throws {
    let plan = LoadPlan.current
    let figures = try await LoadCourse.play(plan, scene) { plan.tell("\(scene.testDescription): \($0)") }
    for breach in figures.breaches { Issue.record("\(scene.testDescription): \(breach)") }
    Self.accounts.append(figures, scene.facts)
    try Self.accounts.tell(plan, title: plan.title)
  }

  @Test("what waits in the journal arrives once and in order", arguments: LoadPlan.current.waitingCases)
  func waiting(scene: LoadPlan.WaitingCase) async throws {
    let plan = LoadPlan.current
    let figures = try await WaitingCourse.play(plan, scene) { plan.tell("\(scene.testDescription): \($0)") }
    for breach in figures.breaches { Issue.record("\(scene.testDescription): \(breach)") }
    Self.waiting.append(figures, scene.facts)
    try Self.waiting.tell(plan, title: plan.waitingTitle)
  }
}
