import Glibc
import Testing

@testable import Platform

@Suite struct DescriptorsTests {
  /// In a process of its own: limits hold for all of it.
  @Test func theLimitIsRaisedAsFarAsItGoes() async {
    await #expect(processExitsWith: .exitCode(42)) {
      var limit = rlimit()
      getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      limit.rlim_cur = 64
      limit.rlim_max = 200
      setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      let raised = Descriptors.raiseLimit()
      getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      exit(raised == 200 && limit.rlim_cur == 200 ? 42 : 1)
    }
  }

  @Test func exhaustionIsSeenAndItsEndToo() async {
    await #expect(processExitsWith: .exitCode(42)) {
      guard !Descriptors.areExhausted else { exit(1) }
      var limit = rlimit()
      getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      let before = limit.rlim_cur
      limit.rlim_cur = 0
      setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      guard Descriptors.areExhausted else { exit(2) }
      limit.rlim_cur = before
      setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      exit(Descriptors.areExhausted ? 3 : 42)
    }
  }

  @Test func roomIsToldForWhatIsThereOnly() throws {
    let room = try #require(DiskRoom(at: "/tmp"))
    #expect(room.free > 0 && room.free <= room.total)
    #expect(DiskRoom(at: "/tmp/nothing/is/here") == nil)
  }
}
