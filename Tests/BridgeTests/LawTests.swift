import MQTT
import Testing
import XMLStream
import XMPP

@testable import Bridge
@testable import Journal

/// Traces that once lost or doubled something somewhere, each by the name of what it prevents. Those of a single room are
/// tested there; `RestartTests` has "trim before PUBACK" and "h below what is journaled", `CatchUpTests` "crash in
/// catch-up", `BadInputTests` "own echo", `IdempotencyTests` "numbered row expired".
@Suite struct LawTests {
  /// Lost `sent`: the row is gone, the process is killed, and the publisher who asked is never told.
  @Test func theRowGoesInTheCommitThatHasItsStatus() throws {
    var account = try AccountHarness()
    account.goOnline()
    account.publish(#"{"id":"k","body":"x"}"#, on: "xmpp/home/message/alice@example.org/send/json")
    account.committed()
    account.acknowledge(upTo: try #require(account.sent().last).sequence)
    let commit = try #require(account.lastCommit)
    let trims = commit.contains { if case .trim(AccountHarness.outboundSpool, _) = $0 { true } else { false } }
    let tells = commit.contains { if case .append(AccountHarness.inboundSpool, _) = $0 { true } else { false } }
    #expect(trims && tells)
  }

  /// At full speed more PUBACKs come in 10 ms than a kill may double: they wait for company only up to a number.
  @Test func pubacksWaitForCompanyInSmallNumbersOnly() throws {
    var account = try AccountHarness(holdMessages: 1_000)
    account.goOnline()
    for number in 1...200 {
      account.stanza("<message from='alice@example.org/x' id='\(number)'><body>x</body></message>")
    }
    account.committed()
    let publishes = account.published().sorted { $0.token < $1.token }
    try #require(publishes.count == 200)
    func rows() -> Int {
      account.committed()
      return account.journal.rows(of: AccountHarness.inboundSpool).count
    }
    account.puback(Array(publishes[..<127]))
    #expect(rows() == 200)
    account.puback([publishes[127]])
    #expect(rows() == 72)
    account.puback(Array(publishes[128...]))
    #expect(rows() == 72)
    account.wait(.milliseconds(10))
    #expect(rows() == 0)
  }

  /// Poison: a message that makes the server close the stream must not do so for ever, and takes no other with it.
  @Test(arguments: ["alone", "in company"])
  func aMessageThatClosesTheStreamIsGivenUp(company: String) throws {
    var account = try AccountHarness()
    account.goOnline()
    account.publish("poison")
    if company == "in company" { for body in ["1", "2", "3"] { account.publish(body) } }
    account.committed()
    var connections = 0
    while account.sent().contains(where: { $0.body == "poison" }) {
      connections += 1
      try #require(connections < 10)
      account.refuse()
      account.begin()
      account.answer()
    }
    #expect(connections == 4)
    account.committed()
    let failed = account.published().filter { $0.text.contains(#""condition":"poison""#) }
    #expect(failed.count == 1)
    #expect(account.reports.contains { $0.event == "poison" })
    #expect(!account.core.poisonWatch.isCautious)
    let left = try account.journal.rows(of: AccountHarness.outboundSpool).map { try StanzaRow($0) }
    #expect(left.count == (company == "in company" ? 3 : 0))
    #expect(account.core.outbound.numbered.count { if case .row = $0.content { true } else { false } } == left.count)
  }

  /// A server that closes now and then, for reasons of its own, convicts nobody.
  @Test func whatIsTakenInTheEndIsNoPoison() throws {
    var account = try AccountHarness()
    account.goOnline()
    for _ in 0..<3 {
      account.publish("x")
      account.committed()
      for _ in 0..<3 {
        _ = account.sent()
        account.refuse()
        account.begin()
        account.answer()
      }
      let last = try #require(account.sent().last)
      account.acknowledge(upTo: last.sequence)
      account.wait(.milliseconds(10))
      account.committed()
    }
    #expect(account.reports.allSatisfy { $0.event != "poison" })
    #expect(account.journal.rows(of: AccountHarness.outboundSpool).isEmpty)
  }

  /// Rolled-back state: what was unacknowledged may have been sent by a process whose memory is lost.
  @Test func aMessageOfAnOldStateIsLookedForInTheArchive() throws {
    var account = try AccountHarness()
    account.publish("x")
    account.committed()
    account.core.record.sentBefore = 1
    account.core.record.doubtSince = account.wallClock
    account.begin()
    account.answer(archive: true)
    let sent = account.sent()
    #expect(sent.allSatisfy { $0.body == nil })
    #expect(sent.contains { $0.element?.child("query", in: "urn:xmpp:mam:2") != nil })
  }
}
