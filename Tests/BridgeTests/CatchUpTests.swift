import MQTT
import Testing
import XMLStream
import XMPP

@testable import Bridge
@testable import Journal

/// What a new session fetches from the account's archive, what it does not take twice, and what it finds of its own there.
@Suite struct CatchUpTests {
  private static let topic = "xmpp/home/message/alice@example.org"

  /// A message from alice with its id in the archive.
  private func live(_ id: String, _ body: String) -> String {
    "<message from='alice@example.org/a' to='bot@example.org' type='chat' id='m\(id)'><body>\(body)</body>"
      + "<stanza-id xmlns='urn:xmpp:sid:0' by='bot@example.org' id='\(id)'/></message>"
  }

  /// The same as the archive shows it.
  private func archived(
    _ id: String, _ body: String, query: String, from: String = "alice@example.org/a", to: String = "bot@example.org",
    archive: String = "from='bot@example.org' "
  ) -> String {
    "<message \(archive)to='bot@example.org/b'><result xmlns='urn:xmpp:mam:2' queryid='\(query)' id='\(id)'>"
      + "<forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2026-11-22T07:00:00Z'/>"
      + "<message xmlns='jabber:client' from='\(from)' to='\(to)' type='chat' id='m\(id)'><body>\(body)</body>"
      + "<origin-id xmlns='urn:xmpp:sid:0' id='m\(id)'/></message></forwarded></result></message>"
  }

  private func bodies(_ account: inout AccountHarness) -> [String] {
    account.committed()
    return account.published().filter { $0.topic == Self.topic }.compactMap { publish in
      publish.text.firstRange(of: #""body":""#).map { range in
        String(publish.text[range.upperBound...].prefix { $0 != "\"" })
      }
    }
  }

  /// An account that has had a session with messages up to `read`, and begins a new one.
  private func secondSession(read: [String]) throws -> AccountHarness {
    var account = try AccountHarness()
    account.goOnline(archive: true)
    for id in read {
      account.stanza(live(id, id))
      account.wait(.seconds(61))
    }
    account.committed()
    _ = account.take()
    account.disconnect()
    account.loseStream()
    account.begin()
    account.answer(archive: true)
    return account
  }

  @Test func aFirstSessionFetchesNothing() throws {
    var account = try AccountHarness()
    account.begin()
    account.answer(archive: true)
    let stanzas = account.sent().compactMap(\.element)
    #expect(stanzas.map(\.name) == ["presence"])
    #expect(account.core.record.isSetUp)
  }

  @Test func aSecondSessionReadsTheArchiveFromTheCursorBeforeItIsPresent() throws {
    var account = try secondSession(read: ["1", "2", "3"])
    let stanzas = account.sent()
    #expect(stanzas.compactMap(\.element).map(\.name) == ["iq"])
    #expect(stanzas.first?.element?.child("query", in: "urn:xmpp:mam:2") != nil)
    #expect(account.core.record.archive.isOwed)
    #expect(!account.core.record.isSetUp)
  }

  @Test func pagesArePublishedInOrderAndWhatIsKnownIsLeftOut() throws {
    var account = try secondSession(read: ["1", "2", "3"])
    let first = try #require(page(&account))
    // One behind the newest: an archive may order two messages otherwise than they were delivered.
    #expect(first.after == "2")
    account.stanza(archived("3", "3", query: first.query))
    account.stanza(archived("4", "4", query: first.query))
    end(&account, first, last: "4")
    let second = try #require(page(&account))
    #expect(second.after == "4" && second.query == first.query)
    account.stanza(archived("5", "5", query: first.query))
    end(&account, second)
    #expect(bodies(&account) == ["4", "5"])

    // Presence is out, and what fell in between is asked for; live messages wait behind it.
    let closing = try #require(page(&account))
    #expect(closing.after == "5" && closing.query != first.query)
    account.stanza(live("7", "7"))
    #expect(bodies(&account).isEmpty)
    account.stanza(archived("6", "6", query: closing.query))
    account.stanza(archived("7", "7", query: closing.query))
    end(&account, closing)
    #expect(bodies(&account) == ["6", "7"])
    #expect(!account.core.record.archive.isOwed)
    #expect(account.core.record.isSetUp)
    #expect(account.reports.contains { $0.event == "caught-up" })
  }

  @Test func presenceFollowsTheLastPage() throws {
    var account = try secondSession(read: ["1"])
    let first = try #require(page(&account))
    end(&account, first)
    #expect(account.sent().compactMap(\.element).map(\.name) == ["presence", "iq"])
  }

  /// A numbered stanza whose effect waits must not be covered by any count, nor by a sync.
  @Test func whatWaitsBehindTheLastPageIsNotCounted() throws {
    var account = try secondSession(read: ["1"])
    end(&account, try #require(page(&account)))
    let closing = try #require(page(&account))
    let before = account.core.record.inbound
    account.stanza(live("8", "8"))
    account.stanza("<presence from='alice@example.org/a'/>")
    account.committed()
    account.wait(.seconds(3))
    account.committed()
    #expect(account.core.record.inbound == before)
    #expect(account.core.releasedInbound <= before)
    end(&account, closing)
    #expect(account.core.record.inbound == before + 3)
    #expect(account.core.releasedInbound == before + 3)
  }

  @Test func offlineMessagesAreKnownFromTheArchive() throws {
    var account = try secondSession(read: ["1"])
    let first = try #require(page(&account))
    account.stanza(archived("2", "2", query: first.query))
    end(&account, first)
    end(&account, try #require(page(&account)))
    #expect(bodies(&account) == ["2"])
    // The server flushes its offline store behind our presence.
    account.stanza(live("2", "2"))
    account.stanza(live("3", "3"))
    #expect(bodies(&account) == ["3"])
  }

  @Test func knownMessagesStayKnownOverARestart() throws {
    var account = try AccountHarness()
    account.goOnline(archive: true)
    for number in 1...200 { account.stanza(live("\(number)", "\(number)")) }
    account.committed()
    let records = account.journal.values.filter { $0.key.hasPrefix("home/seen/") }.map(\.value)
    var seen = try SeenMessages(records: records)
    #expect(seen == account.core.seen)
    for number in 1...200 {
      let isNew = seen.insert(SeenMessages.key(archiveID: "\(number)"))
      #expect(!isNew)
    }
    let inserted = seen.insert(SeenMessages.key(archiveID: "201"))
    #expect(inserted)
  }

  @Test func theOldestKnownMessagesAreForgotten() throws {
    var seen = SeenMessages()
    var journal = JournalPicture()
    for number in 0...UInt64(SeenMessages.capacity + 200) {
      let isNew = seen.insert(number)
      #expect(isNew)
      if number.isMultiple(of: 97) { journal.apply(seen.takeOperations(keys: AccountKeys(account: "home"))) }
    }
    journal.apply(seen.takeOperations(keys: AccountKeys(account: "home")))
    #expect(try SeenMessages(records: Array(journal.values.values)) == seen)
    let newest = seen.insert(UInt64(SeenMessages.capacity))
    let oldest = seen.insert(0)
    #expect(!newest && oldest)
  }

  @Test func anArchiveThatForgotTheCursorIsReadByTime() throws {
    var account = try secondSession(read: ["1", "2"])
    let first = try #require(page(&account))
    #expect(!first.isByTime)
    account.stanza(
      "<iq type='error' id='\(first.id)'><error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
    )
    account.committed()
    let second = try #require(page(&account))
    #expect(second.isByTime && second.after == nil && second.query == first.query)
    account.stanza(archived("2", "2", query: first.query))
    account.stanza(archived("3", "3", query: first.query))
    end(&account, second)
    #expect(bodies(&account) == ["3"])
  }

  /// A server may take clients before it has its database: it says so, or answers with nothing that is not all.
  @Test(arguments: ["internal-server-error", "resource-constraint", "an empty page"])
  func anArchiveThatFailsIsAskedAgain(condition: String) throws {
    func fail(_ account: inout AccountHarness, _ page: ArchivePage) {
      guard condition != "an empty page" else {
        account.stanza(
          "<iq type='result' id='\(page.id)'><fin xmlns='urn:xmpp:mam:2' stable='true'>"
            + "<set xmlns='http://jabber.org/protocol/rsm'><count>0</count></set></fin></iq>")
        return account.committed()
      }
      let kind = condition == "resource-constraint" ? "wait" : "cancel"
      account.stanza(
        "<iq type='error' id='\(page.id)'><error type='\(kind)'><\(condition) xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
      )
      account.committed()
    }
    var account = try secondSession(read: ["1"])
    var first = try #require(page(&account))
    for _ in 0..<15 {
      fail(&account, first)
      #expect(page(&account) == nil)
      account.wait(.seconds(1))
      account.committed()
      first = try #require(page(&account))
    }
    #expect(!account.reports.contains { $0.event == "archive-unreadable" })
    account.stanza(archived("2", "2", query: first.query))
    #expect(bodies(&account) == ["2"])
    // Something came: it may fail as often again, and not once more.
    for _ in 0..<15 {
      fail(&account, first)
      account.wait(.seconds(1))
      account.committed()
      first = try #require(page(&account))
      #expect(first.after == "2")
    }
    fail(&account, first)
    // Nothing that goes on for long is taken for all there is.
    #expect(account.reports.contains { $0.event == "archive-unreadable" } == (condition != "an empty page"))
  }

  /// An archive that cannot be read leaves the debt for the next session, and holds nothing else up.
  @Test(arguments: ["error", "silence"])
  func anUnreadableArchiveIsOwed(fault: String) throws {
    var account = try secondSession(read: ["1"])
    let first = try #require(page(&account))
    if fault == "error" {
      account.stanza(
        "<iq type='error' id='\(first.id)'><error type='auth'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
      )
    } else {
      for _ in 0..<4 {
        account.wait(.seconds(31))
        account.committed()
      }
    }
    account.committed()
    #expect(account.sent().compactMap(\.element).contains { $0.name == "presence" })
    #expect(account.core.record.archive.isOwed)
    #expect(account.take().contains { if case .limitation(.some) = $0 { true } else { false } })
    #expect(account.reports.contains { $0.event == "archive-unreadable" })
    account.stanza(live("9", "9"))
    #expect(bodies(&account) == ["9"])
    #expect(account.core.record.archive.point?.id != "9")
  }

  /// An answer that is late must not make strangers of contacts.
  @Test func presenceWaitsForTheRosterHoweverLate() throws {
    var account = try AccountHarness()
    account.begin()
    _ = account.sent()
    for _ in 0..<10 {
      account.wait(.seconds(31))
      account.committed()
    }
    let stanzas = account.answer(archive: false).compactMap(\.element)
    #expect(stanzas.allSatisfy { $0.name == "iq" })
    #expect(stanzas.count { $0.child("query", in: "jabber:iq:roster") != nil } == 10)
    #expect(account.reports.contains { $0.event == "no-roster" })
    #expect(account.sent().compactMap(\.element).map(\.name) == ["presence"])
  }

  /// Crash in catch-up: the cursor is at the last message whose row is committed, and the debt stands.
  @Test func aCrashInCatchUpGoesOnFromTheLastCommittedMessage() throws {
    var account = try secondSession(read: ["1"])
    let first = try #require(page(&account))
    account.stanza(archived("2", "2", query: first.query))
    account.stanza(archived("3", "3", query: first.query))
    account.committed()
    let record = try SessionRecord(try #require(account.journal.values["home/session"]))
    #expect(record.archive.point?.id == "3" && record.archive.isOwed && !record.isSetUp)

    // The next process resumes the stream and begins its preparation anew; results of the old query are nobody's.
    var again = try AccountHarness(record: record)
    again.resume()
    again.committed()
    again.answer(archive: true)
    let next = try #require(page(&again))
    #expect(next.after == "3")
    again.stanza(archived("4", "4", query: first.query))
    #expect(bodies(&again).isEmpty)
    again.stanza(archived("4", "4", query: next.query))
    #expect(bodies(&again) == ["4"])
  }

  /// The earlier process had said its presence: live messages come while the archive is still being read, and must not
  /// overtake it.
  @Test func liveMessagesDoNotOvertakeAnArchiveThatIsReadAnew() throws {
    var account = try secondSession(read: ["1"])
    end(&account, try #require(page(&account)))
    _ = try #require(page(&account))
    account.committed()
    let record = try SessionRecord(try #require(account.journal.values["home/session"]))
    #expect(record.archive.isOwed && !record.isSetUp)

    var again = try AccountHarness(record: record)
    again.resume()
    again.committed()
    again.answer(archive: true)
    let next = try #require(page(&again))
    again.stanza(live("3", "3"))
    again.stanza(live("4", "4"))
    #expect(bodies(&again).isEmpty)
    for id in ["2", "3", "4"] { again.stanza(archived(id, id, query: next.query)) }
    end(&again, next)
    end(&again, try #require(page(&again)))
    #expect(bodies(&again) == ["2", "3", "4"])
  }

  @Test func aResumedStreamThatWasWholeAsksForNothing() throws {
    var account = try AccountHarness()
    account.goOnline(archive: true)
    account.committed()
    let record = try SessionRecord(try #require(account.journal.values["home/session"]))
    var again = try AccountHarness(record: record)
    again.resume()
    again.committed()
    #expect(again.sent().isEmpty)
    again.stanza(live("1", "x"))
    again.stanza(live("1", "x"))
    #expect(bodies(&again) == ["x"])
  }

  @Test(arguments: ["from='alice@example.org' ", "from='bot@example.org/other' ", "from='example.org' "])
  func resultsOfSomebodyElseAreIgnored(from: String) throws {
    var account = try secondSession(read: ["1"])
    let first = try #require(page(&account))
    account.stanza(archived("2", "2", query: first.query, archive: from))
    #expect(bodies(&account).isEmpty)
    #expect(account.core.record.archive.point?.id != "2")
    #expect(account.reports.contains { $0.event == "forged-archive" })
  }

  @Test func withoutAnArchiveItIsSaidAndPresenceFollowsAtOnce() throws {
    var account = try AccountHarness()
    account.begin()
    account.answer(archive: false)
    #expect(account.sent().compactMap(\.element).map(\.name) == ["presence"])
    let told = account.take().compactMap { action -> String? in
      if case .limitation(let text) = action { text } else { nil }
    }
    #expect(told.count == 1 && told[0].contains("no archive"))
    // Nobody vouches for the ids, so none of them makes a message known.
    account.stanza(live("1", "a"))
    account.stanza(live("1", "b"))
    #expect(bodies(&account) == ["a", "b"])
  }

  /// What was published without an archive is not known by its id: an archive that comes later is not read back to then.
  @Test func anArchiveThatIsNewBeginsWithItself() throws {
    var account = try secondSession(read: ["1", "2"])
    account.disconnect()
    account.loseStream()
    account.begin()
    account.answer(archive: false)
    account.disconnect()
    account.loseStream()
    account.begin()
    account.answer(archive: true)
    #expect(page(&account) == nil)
    #expect(!account.core.record.archive.isOwed)
    #expect(account.core.record.isSetUp)
  }

  // MARK: Our own messages

  @Test func afterALostStreamTheArchiveIsAskedBeforeAnythingGoesAgain() throws {
    var account = try AccountHarness()
    account.goOnline(archive: true)
    account.publish(#"{"id":"a","body":"1"}"#, on: Self.topic + "/send/json")
    account.publish(#"{"id":"b","body":"2"}"#, on: Self.topic + "/send/json")
    account.publish(#"{"id":"c","body":"3"}"#, on: Self.topic + "/send/json")
    account.committed()
    #expect(account.sent().count == 3)
    account.disconnect()
    account.loseStream()
    account.publish(#"{"id":"d","body":"4"}"#, on: Self.topic + "/send/json")
    account.begin()
    account.answer(archive: true)
    let lookup = try #require(page(&account))
    #expect(lookup.isByTime)
    func own(_ id: String) -> String {
      archived(id, "x", query: lookup.query, from: "bot@example.org/old", to: "alice@example.org")
        .replacing("'m\(id)'", with: "'\(id)'")
    }
    account.stanza(own("a"))
    account.stanza(own("b"))
    _ = account.published()
    end(&account, lookup)
    let again = account.sent().filter { $0.body != nil }
    #expect(again.map(\.body) == ["3", "4"])
    #expect(again.map { $0.element?.attribute("id") } == ["c", "d"])
    #expect(again[0].element?.child("delay", in: "urn:xmpp:delay") != nil)
    account.committed()
    let statuses = account.published().filter { $0.topic.hasSuffix("/status") }.map(\.text)
    #expect(statuses.count { $0.contains(#""state":"sent""#) } == 2)
    #expect(account.journal.rows(of: AccountHarness.outboundSpool).count == 2)
    account.acknowledge(upTo: try #require(again.last).sequence)
    account.wait(.milliseconds(10))
    account.committed()
    #expect(account.journal.rows(of: AccountHarness.outboundSpool).isEmpty)
  }

  @Test func whatTheBridgeSentItselfIsNoNews() throws {
    var account = try secondSession(read: ["1"])
    let first = try #require(page(&account))
    account.stanza(archived("2", "ours", query: first.query, from: "bot@example.org/b", to: "alice@example.org"))
    account.stanza(archived("3", "theirs", query: first.query, from: "bot@example.org/phone", to: "alice@example.org"))
    account.committed()
    let publishes = account.published()
    #expect(publishes.count == 1)
    #expect(publishes[0].topic == Self.topic)
    #expect(publishes[0].text.contains(#""body":"theirs""#) && publishes[0].text.contains(#""carbon":"sent""#))
  }
}
