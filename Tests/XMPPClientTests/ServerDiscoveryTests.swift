import TestSupport
import Testing
import XMPPClient

@Suite struct ServerDiscoveryTests {
  private func merge(
    directTLS: SRVAnswer = .none, startTLS: SRVAnswer = .none, seed: UInt64 = 1
  ) -> ServerDiscovery.Result {
    var generator = SeededGenerator(seed: seed)
    return ServerDiscovery.merge(directTLS: directTLS, startTLS: startTLS, using: &generator)
  }

  private func record(_ priority: UInt16, _ weight: UInt16, _ target: String, port: UInt16 = 5222) -> SRVRecord {
    SRVRecord(priority: priority, weight: weight, port: port, target: target)
  }

  @Test func bothServicesAreOneSetByPriority() {
    let result = merge(
      directTLS: .records([record(20, 0, "c", port: 443), record(5, 0, "a", port: 5223)]),
      startTLS: .records([record(30, 0, "d"), record(10, 0, "b")]))
    #expect(
      result
        == .servers([
          XMPPEndpoint(host: "a", port: 5223, isDirectTLS: true),
          XMPPEndpoint(host: "b", port: 5222, isDirectTLS: false),
          XMPPEndpoint(host: "c", port: 443, isDirectTLS: true),
          XMPPEndpoint(host: "d", port: 5222, isDirectTLS: false),
        ]))
  }

  @Test func weightsShareTheFirstPlace() {
    let answer = SRVAnswer.records([record(1, 10, "a"), record(1, 30, "b"), record(1, 60, "c"), record(2, 999, "z")])
    var first: [String: Int] = [:]
    var generator = SeededGenerator(seed: 7)
    for _ in 0..<10_000 {
      guard
        case .servers(let servers) = ServerDiscovery.merge(directTLS: .none, startTLS: answer, using: &generator)
      else { continue }
      #expect(Set(servers.map(\.host)) == ["a", "b", "c", "z"])
      #expect(servers.last?.host == "z")
      first[servers[0].host, default: 0] += 1
    }
    for (host, share) in [("a", 1000), ("b", 3000), ("c", 6000)] {
      #expect(abs(first[host, default: 0] - share) < 300, "\(first)")
    }
  }

  @Test func recordWithoutWeightHasASmallChance() {
    let answer = SRVAnswer.records([record(1, 99, "heavy"), record(1, 0, "none")])
    let firsts = (0..<2000).map { seed -> String? in
      guard case .servers(let servers) = merge(startTLS: answer, seed: UInt64(seed)) else { return nil }
      return servers.first?.host
    }
    let share = firsts.count { $0 == "none" }
    #expect(share > 0 && share < 100)
  }

  @Test func sameWeightlessPriorityKeepsAll() {
    let answer = SRVAnswer.records((0..<5).map { record(0, 0, "h\($0)") })
    guard case .servers(let servers) = merge(startTLS: answer) else {
      Issue.record("no servers")
      return
    }
    #expect(servers.count == 5)
  }

  @Test func noRecordsAndNoAnswerLeaveTheDomainItself() {
    #expect(merge() == .nothing)
    #expect(merge(directTLS: .failed("timeout"), startTLS: .failed("timeout")) == .nothing)
    #expect(merge(directTLS: .failed("timeout"), startTLS: .none) == .nothing)
  }

  @Test func rootAsTargetSaysNo() {
    let no = SRVAnswer.records([record(0, 0, "", port: 0)])
    #expect(merge(directTLS: no, startTLS: no) == .unavailable)
    #expect(merge(directTLS: .none, startTLS: no) == .unavailable)
    // Only direct TLS is ruled out.
    #expect(merge(directTLS: no, startTLS: .none) == .nothing)
    #expect(
      merge(directTLS: no, startTLS: .records([record(1, 1, "a")]))
        == .servers([XMPPEndpoint(host: "a", port: 5222, isDirectTLS: false)]))
    #expect(
      merge(directTLS: .records([record(1, 1, "a", port: 443)]), startTLS: no)
        == .servers([XMPPEndpoint(host: "a", port: 443, isDirectTLS: true)]))
  }
}
