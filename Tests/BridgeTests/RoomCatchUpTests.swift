import BridgeConfig
import MQTT
import Testing
import XMLStream

@testable import Bridge
@testable import Mapping
@testable import XMPP

/// What a lost session costs in rooms.
@Suite struct RoomCatchUpTests: RoomTalk {
  @Test func theArchiveGivesWhatWasSaidMeanwhileAndLiveMessagesWait() throws {
    var account = try joined(archive: true)
    account.stanza(said("alice", "one", archiveID: "a1"))
    account.wait(.seconds(61))
    account.stanza(said("alice", "two", archiveID: "a2"))
    #expect(bodies(&account) == ["one", "two"])
    acknowledgeAll(&account)
    loseSession(&account)
    try enter(&account, archive: true)
    let first = try #require(page(&account))
    #expect(first.archive == Self.jid && first.after == "a1")
    // The archive has it, and gives it in its place.
    account.stanza(said("alice", "four", archiveID: "a4"))
    account.stanza(archived("alice", "two", id: "a2", query: first.query))
    account.stanza(archived("alice", "three", id: "a3", query: first.query))
    account.stanza(archived("alice", "four", id: "a4", query: first.query))
    end(&account, first)
    #expect(bodies(&account) == ["three", "four"])
    let closing = try #require(page(&account))
    let before = account.core.record.inbound
    account.stanza(said("alice", "six", archiveID: "a6"))
    account.stanza("<message from='alice@example.org/a' type='chat'><body>behind</body></message>")
    #expect(account.core.record.inbound == before)
    account.stanza(archived("alice", "five", id: "a5", query: closing.query))
    account.stanza(archived("alice", "six", id: "a6", query: closing.query))
    end(&account, closing)
    #expect(bodies(&account) == ["five", "six"])
    #expect(account.core.record.inbound == before + 5)
    #expect(try account.core.rooms[JID(Self.jid)]?.record.archive.isOwed == false)
  }

  @Test func theArchiveShowsWhichOfOurMessagesArrived() throws {
    var account = try joined(archive: true)
    acknowledgeAll(&account)
    for id in ["x1", "x2"] {
      account.publish(#"{"id":"\#(id)","body":"\#(id)"}"#, on: Self.topic + "/send/json")
    }
    account.publish("to alice")
    account.committed()
    #expect(account.sent().count == 3)
    loseSession(&account)
    // What goes to alice waits in its place behind them.
    try enter(&account, archive: true)
    let look = try #require(page(&account))
    #expect(look.isByTime && look.archive == Self.jid)
    account.stanza(archived("bridge", "x1", id: "a1", query: look.query))
    // Ids are for everybody to see: this is not ours.
    account.stanza(archived("mallory", "x2", id: "a2", query: look.query))
    _ = account.sent()
    end(&account, look)
    account.committed()
    let sent = account.sent().compactMap(\.element)
    let messages = sent.filter { $0.name == "message" }
    #expect(messages.compactMap { $0.child("body", in: "jabber:client")?.text } == ["x2", "to alice"])
    #expect(messages.first?.child("delay", in: "urn:xmpp:delay") != nil)
    #expect(account.reports.contains { $0.event == "found-in-archive" })
  }

  @Test func aRoomWithoutAnArchiveIsAskedForItsHistory() throws {
    var account = try joined()
    account.stanza(said("alice", "one"))
    #expect(bodies(&account) == ["one"])
    acknowledgeAll(&account)
    loseSession(&account)
    let presence = try tellInfo(&account, archive: false)
    let muc = presence.child("x", in: "http://jabber.org/protocol/muc")
    #expect(muc?.child("history", in: "http://jabber.org/protocol/muc")?.attribute("since") != nil)
    account.stanza(self.presence("bridge", codes: [110]))
    let delay = "<delay xmlns='urn:xmpp:delay' stamp='2026-11-22T07:00:00Z'/>"
    account.stanza(said("alice", "one", inside: delay))
    account.stanza(said("alice", "two", inside: delay))
    #expect(bodies(&account) == ["two"])
  }

  @Test func anArchiveThatIsNotTheRoomsIsNotBelieved() throws {
    var account = try joined(archive: true)
    acknowledgeAll(&account)
    loseSession(&account)
    try enter(&account, archive: true)
    let look = try #require(page(&account))
    let forged = archived("alice", "forged", id: "f1", query: look.query)
      .replacing("from='\(Self.jid)' to", with: "from='\(Self.jid)/mallory' to")
    account.stanza(forged)
    #expect(bodies(&account).isEmpty)
    #expect(account.reports.contains { $0.event == "forged-archive" })
  }

  @Test func aRoomThatIsNotConfiguredAnyMoreLeavesNothingBehind() throws {
    let former = try JID(Self.jid + "/bridge")
    var account = try AccountHarness(rooms: Rooms([], former: [former]))
    account.goOnline()
    #expect(
      account.journal.values["home/room/" + Self.jid] == .some(nil)
        || account.journal.values["home/room/" + Self.jid] == nil)
    #expect(!account.core.rooms.haveChanged)
  }
}
