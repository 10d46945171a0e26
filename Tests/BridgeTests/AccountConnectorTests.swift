import Testing
import XMPP

@testable import Bridge

/// When an account connects.
@Suite struct AccountConnectorTests {
  @Test func itConnectsOnceTheMachineSaysSo() {
    var connector = AccountConnector()
    #expect(connector.takeDue(now: .zero) == nil)
    connector.mayConnect(inbound: 7)
    #expect(connector.deadline == .zero)
    #expect(connector.takeDue(now: .zero) == 7)
    #expect(connector.takeDue(now: .zero) == nil)
  }

  @Test func anAccountThatStopsConnectsNoMore() {
    var connector = AccountConnector()
    connector.ended(.unreachable("no answer"), now: .zero, random: 0.5)
    connector.mayConnect(inbound: 0)
    #expect(connector.deadline == .milliseconds(500))
    connector.close()
    #expect(connector.takeDue(now: .seconds(3_600)) == nil)
    connector.mayConnect(inbound: 0)
    #expect(connector.deadline == nil)
    #expect(connector.takeDue(now: .seconds(3_600)) == nil)
  }
}
