import Testing
import XMPP
import XMPPClient

@testable import Bridge

/// When an account connects, and when it lets another one.
@Suite struct AccountConnectorTests {
  private static let server = ServerLocation(domain: "example.org")
  private let queue = LoginQueue(capacity: 1)

  private func connector() -> AccountConnector {
    let queue = queue
    return AccountConnector { queue.turn(at: Self.server) {} }
  }

  /// Whether another account would have to wait.
  private var isTaken: Bool { !queue.turn(at: Self.server) {}.hasCome }

  @Test func itConnectsOnceTheMachineSaysSo() {
    var connector = connector()
    #expect(connector.takeDue(now: .zero) == nil)
    #expect(!isTaken)
    connector.mayConnect(inbound: 7)
    #expect(connector.deadline == .zero)
    #expect(connector.takeDue(now: .zero) == 7)
    #expect(connector.takeDue(now: .zero) == nil)
    #expect(isTaken)
  }

  @Test func itWaitsForItsTurn() {
    var (first, second) = (connector(), connector())
    first.mayConnect(inbound: 1)
    second.mayConnect(inbound: 2)
    #expect(first.takeDue(now: .zero) == 1)
    #expect(second.takeDue(now: .zero) == nil)
    // A timer would fire over and over.
    #expect(second.deadline == nil)
    #expect(second.takeDue(now: .zero) == nil)
    first.established(now: .zero)
    #expect(second.takeDue(now: .zero) == 2)
  }

  /// However an attempt ends, the next one may: the place in line is a new one.
  @Test(arguments: [
    ConnectionEnd.unreachable("no answer"), .untrusted("expired"), .session(.ioLost), .session(.parked),
    .session(.timeout("the login")), .session(.notAuthorized("wrong password")),
  ])
  func anAttemptThatFailsLetsTheNextOneIn(end: ConnectionEnd) {
    var (first, second) = (connector(), connector())
    first.mayConnect(inbound: 0)
    second.mayConnect(inbound: 0)
    _ = first.takeDue(now: .zero)
    _ = second.takeDue(now: .zero)
    first.ended(end, now: .zero, random: 0)
    first.mayConnect(inbound: 0)
    #expect(first.takeDue(now: .seconds(3_600)) == nil)
    #expect(second.takeDue(now: .zero) != nil)
    second.established(now: .zero)
    #expect(first.takeDue(now: .seconds(3_600)) != nil)
  }

  /// An account in its backoff is not in line.
  @Test func whoeverWaitsForHisTimeTakesNoPlace() {
    var connector = connector()
    connector.ended(.unreachable("no answer"), now: .zero, random: 0.5)
    connector.mayConnect(inbound: 0)
    #expect(connector.takeDue(now: .milliseconds(499)) == nil)
    #expect(!isTaken)
    #expect(connector.deadline == .milliseconds(500))
    #expect(connector.takeDue(now: .milliseconds(500)) == 0)
  }

  @Test(
    "an account that stops gives its turn back, whether it has come or not, and connects no more",
    arguments: [true, false])
  func stopping(hasCome: Bool) {
    var (first, second) = (connector(), connector())
    first.mayConnect(inbound: 0)
    second.mayConnect(inbound: 0)
    _ = first.takeDue(now: .zero)
    _ = second.takeDue(now: .zero)
    if hasCome { first.established(now: .zero) }
    second.close()
    if !hasCome { first.established(now: .zero) }
    #expect(!isTaken)
    second.mayConnect(inbound: 0)
    #expect(second.deadline == nil)
    #expect(second.takeDue(now: .zero) == nil)
    #expect(!isTaken)
  }

  @Test func anAccountThatIsGoneHoldsUpNobody() {
    var first: AccountConnector? = connector()
    var second: AccountConnector? = connector()
    var third = connector()
    first?.mayConnect(inbound: 0)
    second?.mayConnect(inbound: 0)
    third.mayConnect(inbound: 0)
    _ = first?.takeDue(now: .zero)
    _ = second?.takeDue(now: .zero)
    _ = third.takeDue(now: .zero)
    second = nil
    first = nil
    #expect(third.takeDue(now: .zero) == 0)
  }
}
