import MQTT
import Testing
import XMPP

@testable import Bridge

/// The law: nothing is acknowledged upstream before somebody downstream, or the synced journal, has it.
@Suite struct CustodyTests {
  // MARK: MQTT → XMPP

  @Test func aStanzaGoesOutOnlyWhenItsRowIsCommitted() throws {
    var account = try AccountHarness()
    account.goOnline()
    account.publish()
    #expect(account.sent().isEmpty)
    account.committed()
    #expect(account.sent().map(\.body) == ["hello"])
  }

  @Test func pubackWaitsForTheServersAcknowledgement() throws {
    var account = try AccountHarness()
    account.goOnline()
    account.publish()
    account.committed()
    let stanza = try #require(account.sent().first)
    #expect(account.released() == nil)
    account.acknowledge(upTo: stanza.sequence)
    #expect(account.released() == 1)
    #expect(account.syncs == 0)
  }

  @Test func acknowledgementsReleaseAPrefix() throws {
    var account = try AccountHarness()
    account.goOnline()
    account.publish(count: 3)
    account.committed()
    let stanzas = account.sent()
    account.acknowledge(upTo: stanzas[1].sequence)
    #expect(account.released() == 2)
    account.acknowledge(upTo: stanzas[2].sequence)
    #expect(account.released() == 3)
  }

  @Test func theSyncedJournalTakesCustodyAfterHold() throws {
    var account = try AccountHarness()
    account.goOnline()
    account.publish(
      properties: PublishProperties(responseTopic: "devices/7/answers", correlationData: [1, 2]))
    account.committed()
    account.wait(.milliseconds(1_999))
    account.committed()
    #expect(account.released() == nil)
    #expect(account.syncs == 0)
    account.wait(.milliseconds(1))
    #expect(account.released() == nil)
    account.committed()
    #expect(account.syncs == 1)
    #expect(account.released() == 1)
    account.committed()
    let statuses = account.published()
    #expect(statuses.map(\.topic) == ["xmpp/home/message/alice@example.org/status", "devices/7/answers"])
    #expect(statuses.allSatisfy { $0.text.contains(#""state":"queued""#) && $0.qos == .atLeastOnce })
    #expect(statuses.last?.properties.correlationData == [1, 2])
  }

  @Test func holdMessagesWaitingSyncAtOnceAndStopReading() throws {
    var account = try AccountHarness(holdMessages: 4)
    account.goOnline()
    account.publish(count: 4)
    #expect(account.take().contains(.pauseReading))
    account.committed()
    #expect(account.syncs == 1)
    #expect(account.released() == 4)
  }

  @Test func withTheStreamDownTheJournalTakesCustodyAtOnce() throws {
    var account = try AccountHarness()
    account.goOnline()
    account.disconnect()
    account.committed()
    let before = account.syncs
    account.publish()
    account.committed()
    #expect(account.syncs == before + 1)
    #expect(account.released() == 1)
    #expect(account.sent().isEmpty)
  }

  @Test func whatWasTakenWhileOfflineGoesOutInOrderOnTheResumedStream() throws {
    var account = try AccountHarness()
    account.goOnline()
    account.disconnect()
    for number in 1...3 { account.publish("\(number)") }
    account.committed()
    account.resume()
    account.committed()
    #expect(account.sent().map(\.body) == ["1", "2", "3"])
  }

  @Test func theWindowBoundsWhatIsUnacknowledgedAndTheRestFollows() throws {
    var account = try AccountHarness(holdMessages: 1_000, window: 2)
    account.goOnline()
    account.publish(count: 200)
    account.committed()
    var total = 0
    for _ in 0..<200 {
      let stanzas = account.sent()
      guard let last = stanzas.last else { break }
      #expect(stanzas.count <= 2)
      total += stanzas.count
      account.acknowledge(upTo: last.sequence)
      account.committed()
    }
    #expect(total == 200)
  }

  @Test func theWindowBoundsTheBytesOfWhatIsUnacknowledgedToo() throws {
    var account = try AccountHarness(holdMessages: 1_000, windowBytes: 10_000)
    account.goOnline()
    for number in 1...9 { account.publish(String(repeating: "\(number)", count: 4_000)) }
    account.publish(String(repeating: "x", count: 20_000))
    account.committed()
    var lengths: [[Int]] = []
    while let stanzas = Optional(account.sent()), let last = stanzas.last {
      lengths.append(stanzas.map { $0.body?.count ?? 0 })
      account.acknowledge(upTo: last.sequence)
      account.committed()
    }
    // One more when there is any room, and one at least however large it is.
    #expect(lengths == [[4_000, 4_000, 4_000], [4_000, 4_000, 4_000], [4_000, 4_000, 4_000], [20_000]])
  }

  // MARK: XMPP → MQTT

  private let message = "<message from='alice@example.org/phone' type='chat' id='m1'><body>hi</body></message>"

  @Test func aMessageIsPublishedOnlyWhenItsRowIsCommitted() throws {
    var account = try AccountHarness()
    account.goOnline()
    account.stanza(message)
    #expect(account.published().isEmpty)
    account.committed()
    let publish = try #require(account.published().first)
    #expect(publish.topic == "xmpp/home/message/alice@example.org")
    #expect(publish.text.hasPrefix(#"{"seq":1,"epoch":3,"id":"m1","from":"alice@example.org/phone""#))
  }

  @Test func hWaitsForPuback() throws {
    var account = try AccountHarness()
    account.goOnline()
    account.stanza(message)
    account.committed()
    #expect(account.handled() == nil)
    account.puback(account.published())
    #expect(account.handled() == 4)
    #expect(account.syncs == 0)
  }

  @Test func hIsAPrefixThoughPubacksComeOutOfOrder() throws {
    var account = try AccountHarness()
    account.goOnline()
    for _ in 0..<3 { account.stanza(message) }
    account.committed()
    let publishes = account.published()
    account.puback([publishes[2]])
    account.puback([publishes[1]])
    #expect(account.handled() == nil)
    account.puback([publishes[0]])
    #expect(account.handled() == 6)
  }

  @Test func aStanzaThatMeansNothingIsHandledOnlyWhenItsCountIsCommitted() throws {
    var account = try AccountHarness()
    account.goOnline()
    account.stanza("<presence from='alice@example.org/phone'/>")
    #expect(account.handled() == nil)
    account.committed()
    #expect(account.handled() == 4)
  }

  @Test func withAStalledBrokerHMovesAfterHoldAndASync() throws {
    var account = try AccountHarness()
    account.goOnline()
    account.stanza(message)
    account.committed()
    account.wait(.milliseconds(1_999))
    account.committed()
    #expect(account.handled() == nil)
    account.wait(.milliseconds(1))
    #expect(account.handled() == nil)
    account.committed()
    #expect(account.syncs == 1)
    #expect(account.handled() == 4)
  }

  @Test func withTheBrokerDownTheJournalTakesCustodyAtOnce() throws {
    var account = try AccountHarness()
    account.goOnline()
    account.broker(isUp: false)
    account.stanza(message)
    account.committed()
    #expect(account.syncs == 1)
    #expect(account.handled() == 4)
  }

  /// What was handed out before an exit would go to a broker that comes back during it, and nobody would take note.
  @Test func nothingIsHandedOutWhileTheBrokerIsDown() throws {
    var account = try AccountHarness()
    account.goOnline()
    account.broker(isUp: false)
    account.stanza(message)
    account.committed()
    #expect(account.published().isEmpty)
    #expect(account.core.isSettled)
    account.broker(isUp: true)
    #expect(account.published().count == 1)
    #expect(!account.core.isSettled)
  }

  @Test func aConnectionIsOpenedOnlyWhenEverythingTakenInIsOnDisk() throws {
    var account = try AccountHarness()
    account.goOnline()
    account.stanza(message)
    account.disconnect()
    #expect(!account.take().contains(.mayConnect(inbound: 4)))
    account.committed()
    #expect(account.syncs == 1)
    #expect(account.take().contains(.mayConnect(inbound: 4)))
  }

  /// Two syncs are under way when the connection is lost for the second time: the answer to the first says nothing of the
  /// stanzas that came between.
  @Test func aSyncOfAnEarlierConnectionOpensNone() throws {
    var account = try AccountHarness()
    account.goOnline()
    account.disconnect()
    account.publish()
    account.committed(1)
    account.resume()
    account.stanza(message)
    account.disconnect()
    _ = account.take()
    account.committed(1)
    #expect(!account.take().contains(.mayConnect(inbound: 4)))
    account.committed()
    #expect(account.take().contains(.mayConnect(inbound: 4)))
  }

  // MARK: A full journal

  @Test func aSpoolFullOfMessagesForTheServerSendsTheBrokerAwayUntilThereIsRoom() throws {
    var account = try AccountHarness(journal: 4)
    account.goOnline()
    account.disconnect()
    account.publish(count: 4)
    #expect(account.take().contains(.suspendInbound))
    #expect(account.reports.last?.event == "journal-full")
    account.committed()
    account.resume()
    account.committed()
    account.acknowledge(upTo: try #require(account.sent().last).sequence)
    #expect(account.take().contains(.resumeInbound))
    #expect(account.reports.last?.event == "journal-has-room")
  }

  @Test func aSpoolFullOfMessagesForTheBrokerSendsTheServerAwayUntilThereIsRoom() throws {
    var account = try AccountHarness(journal: 2)
    account.goOnline()
    account.broker(isUp: false)
    account.stanza(message)
    account.stanza(message)
    #expect(account.take().contains(.parkStream))
    account.committed()
    account.disconnect()
    account.committed()
    #expect(!account.take().contains(.mayConnect(inbound: 5)))
    account.broker(isUp: true)
    account.puback(account.published())
    account.committed()
    #expect(account.take().contains(.mayConnect(inbound: 5)))
  }
}
