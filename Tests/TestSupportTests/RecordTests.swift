import TestSupport
import Testing

struct RecordTests {
  @Test("finds what is already there, from the mark on")
  func findsEarlierElements() async throws {
    let record = Record<Int>("numbers")
    record.append(contentsOf: [1, 2, 3, 2])
    #expect(try await record.first { $0 == 2 } == 2)
    #expect(try await record.first(from: 2) { $0 < 3 } == 2)
    #expect(try await record.first(2, from: 1) { $0 == 2 } == [2, 2])
  }

  @Test("wakes a waiter when the element comes")
  func wakes() async throws {
    let record = Record<Int>("numbers")
    async let third = record.first(3, where: { $0 % 2 == 1 })
    for number in 1...5 { record.append(number) }
    #expect(try await third == [1, 3, 5])
  }

  @Test("fails with what came instead when the time is up")
  func expires() async throws {
    let record = Record<Int>("numbers")
    record.append(7)
    let error = await #expect(throws: TimedOut.self) {
      _ = try await record.first("an even number", timeout: .zero) { $0 % 2 == 0 }
    }
    #expect(error?.description.contains("an even number") == true)
    #expect(error?.description.contains("7") == true)
  }

  @Test("fails at once when nothing more can come")
  func ends() async throws {
    let record = Record<Int>("numbers")
    async let waiting = record.first()
    record.end("closed")
    do {
      _ = try await waiting
      Issue.record("an element that was never appended")
    } catch let error as TestFailure {
      #expect(error.description.contains("closed"))
    }
    await #expect(throws: TestFailure.self) { _ = try await record.first() }
  }

  @Test("takes appends from many threads while others wait")
  func manyThreads() async throws {
    let record = Record<Int>("numbers")
    await withThrowingTaskGroup { group in
      for _ in 0..<4 {
        group.addTask { for number in 0..<500 { record.append(number) } }
        group.addTask { _ = try await record.first(1_000) }
      }
    }
    #expect(try await record.first(4) { $0 == 499 }.count == 4)
    #expect(record.count == 2_000)
  }
}
