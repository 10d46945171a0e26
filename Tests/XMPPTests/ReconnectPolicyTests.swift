import Testing
import XMPP

@Suite struct ReconnectPolicyTests {
  private static let almostOne = 1.0.nextDown

  /// The limits of the waits after a series of like ends, in seconds: full jitter reaches almost to each.
  private func limits(
    _ end: ConnectionEnd, lived: Duration? = nil, count: Int, policy: inout ReconnectPolicy
  ) -> [Double?] {
    (0..<count).map { _ in
      policy.delay(after: end, lived: lived, random: Self.almostOne).map { ($0 / .seconds(1)).rounded() }
    }
  }

  private func limits(_ end: ConnectionEnd, lived: Duration? = nil, count: Int) -> [Double?] {
    var policy = ReconnectPolicy()
    return limits(end, lived: lived, count: count, policy: &policy)
  }

  @Test(arguments: [
    ConnectionEnd.unreachable("no route"), .session(.timeout("the stream features")), .session(.ioLost),
    .session(.peerClosed), .session(.tls("handshake failure")), .session(.temporaryAuthenticationFailure("")),
    .session(.streamError(condition: "system-shutdown", text: nil)),
  ])
  func failuresWaitExponentially(_ end: ConnectionEnd) {
    #expect(limits(end, count: 9) == [1, 2, 4, 8, 16, 32, 60, 60, 60])
  }

  @Test func waitsAreARandomPartOfTheirLimit() {
    for random in [0, 0.25, 0.5] {
      var policy = ReconnectPolicy()
      for limit in [1.0, 2, 4] {
        #expect(policy.delay(after: .session(.ioLost), lived: nil, random: random) == .seconds(limit * random))
      }
    }
  }

  @Test func aDeadSessionIsTriedAgainAtOnceAndASettledOneBeginsAnew() {
    var policy = ReconnectPolicy()
    #expect(limits(.session(.ioLost), lived: .seconds(3600), count: 1, policy: &policy) == [0])
    #expect(limits(.unreachable("refused"), count: 3, policy: &policy) == [1, 2, 4])
    #expect(limits(.session(.ioLost), lived: .seconds(2), count: 6, policy: &policy) == [0, 0, 0, 0, 8, 16])
    #expect(limits(.session(.timeout("an answer")), lived: .seconds(60), count: 1, policy: &policy) == [0])
  }

  @Test func sessionsThatKeepDyingYoungAreNotTriedInALoop() {
    #expect(limits(.session(.peerClosed), lived: .seconds(1), count: 9) == [0, 0, 0, 0, 0, 1, 2, 4, 8])
  }

  @Test(arguments: [
    SessionEnd.notAuthorized(""), .accountDisabled(""), .credentialsExpired(""), .authenticationFailed("no mechanism"),
  ])
  func refusedLoginIsTriedAtMostOnceAMinute(_ end: SessionEnd) {
    var policy = ReconnectPolicy()
    for random in [0, 0.5, Self.almostOne, 0] {
      let delay = policy.delay(after: .session(end), lived: nil, random: random)
      #expect(delay == .seconds(60) * (1 + random / 2))
    }
  }

  @Test func conflictLetsTheOtherKeepTheResource() {
    var policy = ReconnectPolicy()
    let lives: [Duration] = [.seconds(5), .seconds(60), .seconds(600), .seconds(1), .seconds(1)]
    let waits = lives.map { policy.delay(after: .session(.conflict), lived: $0, random: 0) }
    #expect(waits == [.seconds(60), .seconds(120), .seconds(240), .seconds(480), .seconds(600)])
    #expect(policy.delay(after: .session(.conflict), lived: .seconds(7200), random: 0.5) == .seconds(67.5))
  }

  @Test(arguments: [ConnectionEnd.untrusted("certificate has expired"), .session(.noTLS)])
  func distrustWaitsLonger(_ end: ConnectionEnd) {
    #expect(limits(end, count: 5) == [10, 20, 40, 60, 60])
  }

  @Test(arguments: [SessionEnd.loggedOut, .parked])
  func whatWeEndedIsNotTriedAgain(_ end: SessionEnd) {
    #expect(limits(.session(end), lived: .seconds(5), count: 1) == [nil])
  }

  @Test func endsReadAsSentences() {
    #expect(ConnectionEnd.unreachable("example.org has no address").description == "example.org has no address")
    #expect(
      ConnectionEnd.untrusted("certificate has expired").description
        == "the server is not trusted: certificate has expired")
    #expect(ConnectionEnd.session(.conflict).description == SessionEnd.conflict.description)
  }
}
