import Glibc
import Testing

@testable import Platform

@Suite struct SpareMemoryTests {
  /// In a process of its own, where nothing else maps anything meanwhile.
  @Test func whatOnlyTheStartNeededIsGivenBackAndEverythingGoesOn() async {
    await #expect(processExitsWith: .exitCode(42)) {
      // Every other of many blocks is freed: whole pages of the heap are free only where the last ones were.
      var kept: [[UInt8]] = []
      var freed: [[UInt8]] = []
      for number in 0..<20_000 {
        if number.isMultiple(of: 100) { kept.append([UInt8](repeating: 1, count: 500)) }
        freed.append([UInt8](repeating: 2, count: 500))
      }
      freed = []
      let (anonymous, mapped) = Self.residentPages()
      SpareMemory.giveBack()
      let (anonymousAfter, mappedAfter) = Self.residentPages()
      guard anonymousAfter < anonymous, mappedAfter < mapped / 2 else { exit(1) }
      exit(kept.allSatisfy { $0 == [UInt8](repeating: 1, count: 500) } ? 42 : 2)
    }
  }

  /// Pages of this process in memory: its own, and those of files.
  private static func residentPages() -> (anonymous: Int, mapped: Int) {
    guard let file = fopen("/proc/self/statm", "r") else { return (0, 0) }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 200)
    guard fgets(&line, Int32(line.count), file) != nil else { return (0, 0) }
    let numbers = String(decoding: line.map { UInt8(bitPattern: $0) }.prefix { $0 != 0 }, as: UTF8.self)
      .split(separator: " ").compactMap { Int($0) }
    return (numbers[1] - numbers[2], numbers[2])
  }
}
