import BridgeConfig
import MQTT
import Testing
import XMLStream

@testable import Bridge
@testable import Mapping
@testable import XMPP

/// An account in its rooms: how it comes in, what it publishes, what it sends.
@Suite struct RoomAccountTests: RoomTalk {
  // MARK: Coming in

  @Test func entersWhenTheSessionIsWhole() throws {
    var account = try account()
    account.begin()
    account.answer()
    let presence = try tellInfo(&account, archive: true)
    #expect(presence.attribute("to") == Self.jid + "/bridge")
    let muc = try #require(presence.child("x", in: "http://jabber.org/protocol/muc"))
    #expect(muc.child("password", in: "http://jabber.org/protocol/muc")?.text == "open sesame")
    #expect(muc.child("history", in: "http://jabber.org/protocol/muc")?.attribute("maxstanzas") == "0")
    account.stanza(self.presence("alice"))
    account.stanza(self.presence("bridge", codes: [110]))
    let wanted = account.take()
    let states = wanted.compactMap { action -> String? in
      if case .retain(Self.topic + "/state", let payload) = action {
        String(decoding: payload, as: UTF8.self)
      } else {
        nil
      }
    }
    #expect(states.last.map { value("state", in: $0) } == "joined")
    let occupants = wanted.compactMap { action -> String? in
      if case .retain(Self.topic + "/occupants", let payload) = action {
        String(decoding: payload, as: UTF8.self)
      } else {
        nil
      }
    }
    #expect(
      occupants.last == #"[{"nick":"alice","role":"participant","affiliation":"none","show":"online"},"#
        + #"{"nick":"bridge","role":"participant","affiliation":"none","show":"online"}]"#)
  }

  @Test func acceptsARoomThatItMade() throws {
    var account = try account()
    account.begin()
    account.answer()
    let info = try request(&account, "http://jabber.org/protocol/disco#info")
    account.stanza(
      "<iq type='error' id='\(info.attribute("id") ?? "")' from='\(Self.jid)'><error type='cancel'>"
        + "<item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>")
    account.stanza(presence("bridge", codes: [110, 201]))
    account.committed()
    let form = try request(&account, "http://jabber.org/protocol/muc#owner")
    account.stanza("<iq type='result' id='\(form.attribute("id") ?? "")' from='\(Self.jid)'/>")
    account.committed()
    let again = try request(&account, "http://jabber.org/protocol/disco#info")
    // Whoever is in already is heard, but not before it is known whose ids to trust.
    account.stanza(said("alice", "first", archiveID: "a1"))
    #expect(bodies(&account).isEmpty)
    account.stanza(
      "<iq type='result' id='\(again.attribute("id") ?? "")' from='\(Self.jid)'>"
        + "<query xmlns='http://jabber.org/protocol/disco#info'><feature var='urn:xmpp:mam:2'/>"
        + "<feature var='urn:xmpp:sid:0'/></query></iq>")
    #expect(bodies(&account) == ["first"])
    #expect(try account.core.rooms[JID(Self.jid)]?.record.hasArchive == true)
  }

  @Test func anotherNicknameIsTriedWhereOursIsTaken() throws {
    var account = try account()
    account.begin()
    account.answer()
    try tellInfo(&account, archive: false)
    account.stanza(
      "<presence type='error' from='\(Self.jid)/bridge'><error type='cancel'>"
        + "<conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>")
    account.committed()
    let presence = account.sent().compactMap(\.element).last { $0.name == "presence" }
    #expect(presence?.attribute("to") == Self.jid + "/bridge_")
  }

  @Test func aRoomThatDoesNotAnswerIsTriedAgain() throws {
    var account = try account()
    account.begin()
    account.answer()
    try tellInfo(&account, archive: false)
    account.wait(.seconds(31))
    account.committed()
    #expect(account.reports.contains { $0.event == "room-refused" && $0.detail.hasSuffix("no answer") })
    let state = try #require(retained(&account, Self.topic + "/state"))
    #expect(value("state", in: state) == "left" && value("reason", in: state) == "no answer")
    account.wait(.seconds(6))
    account.committed()
    try enter(&account, archive: false)
    #expect(try account.core.rooms[JID(Self.jid)]?.isJoined == true)
  }

  @Test func aSilentRoomIsAskedWhetherWeAreInIt() throws {
    var account = try joined()
    account.wait(.seconds(601))
    account.committed()
    _ = account.sent()
    account.wait(.seconds(601))
    account.committed()
    let ping = try request(&account, "urn:xmpp:ping")
    #expect(ping.attribute("to") == Self.jid + "/bridge")
    account.stanza(
      "<iq type='error' id='\(ping.attribute("id") ?? "")' from='\(Self.jid)/bridge'><error type='cancel'>"
        + "<not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>")
    account.wait(.seconds(6))
    account.committed()
    try enter(&account, archive: false)
    #expect(try account.core.rooms[JID(Self.jid)]?.isJoined == true)
  }

  @Test func aResumedStreamStaysInTheRoom() throws {
    var account = try joined()
    account.disconnect()
    account.committed()
    _ = account.take()
    account.resume()
    account.committed()
    #expect(account.sent().isEmpty)
    account.stanza(said("alice", "still here"))
    #expect(bodies(&account) == ["still here"])
  }

  // MARK: What is said

  @Test func whatIsSaidIsPublishedWithTheSpeakerAndNumbered() throws {
    var account = try joined(archive: true)
    account.stanza(said("alice", "one", archiveID: "a1"))
    account.stanza(said("bridge", "two", archiveID: "a2"))
    account.committed()
    let texts = account.published().filter { $0.topic == Self.topic }.map(\.text)
    #expect(texts.count == 2)
    #expect(texts[0].hasPrefix(#"{"seq":1,"epoch":3,"id":"one","from":"ops@conference.example.org/alice""#))
    #expect(texts[0].contains(#""type":"groupchat","body":"one""#) && texts[0].contains(#""stanza_id":"a1""#))
    #expect(texts[0].contains(#""nick":"alice""#) && !texts[0].contains(#""self""#))
    #expect(texts[1].contains(#""seq":2"#) && texts[1].contains(#""self":true,"nick":"bridge""#))
  }

  @Test func theSubjectIsRetainedAndNoMessage() throws {
    var account = try joined()
    _ = account.take()
    account.stanza("<message from='\(Self.jid)/alice' type='groupchat'><subject>Ops</subject></message>")
    account.committed()
    #expect(account.published().isEmpty)
    let subject = try #require(retained(&account, Self.topic + "/subject"))
    #expect(value("subject", in: subject) == "Ops" && value("from", in: subject) == Self.jid + "/alice")
  }

  @Test func aRoomThatAllowDoesNotNameIsNotPublishedNorAnswered() throws {
    var account = try account(allow: ["alice@example.org"])
    account.begin()
    account.answer()
    try enter(&account, archive: false)
    #expect(account.reports.contains { $0.event == "not-allowed" })
    _ = account.sent()
    account.stanza(said("alice", "hello"))
    #expect(bodies(&account).isEmpty)
    // An error would put us out of the room.
    #expect(account.sent().isEmpty)
  }

  /// Receipts in rooms would be one from each occupant (XEP-0184 §5.3).
  @Test func receiptsAreNeitherSentNorAskedForInRooms() throws {
    var account = try joined()
    _ = account.take()
    account.stanza(said("alice", "hello", inside: "<request xmlns='urn:xmpp:receipts'/>"))
    account.committed()
    account.puback(account.published())
    account.committed()
    #expect(account.sent().isEmpty)
    account.publish("hello", on: Self.topic + "/send")
    account.committed()
    let message = try #require(account.sent().first?.element)
    #expect(message.child("request", in: "urn:xmpp:receipts") == nil)
    #expect(message.child("markable", in: "urn:xmpp:chat-markers:0") == nil)
    acknowledgeAll(&account)
    #expect(statuses(&account) == ["sent"])
    let id = message.attribute("id") ?? ""
    account.stanza(
      "<message from='\(Self.jid)/alice' type='groupchat'><received xmlns='urn:xmpp:receipts' id='\(id)'/></message>")
    #expect(statuses(&account).isEmpty)
  }

  // MARK: Sending

  @Test func aPublishBecomesAMessageToTheRoom() throws {
    var account = try joined()
    acknowledgeAll(&account)
    account.publish("hello", on: Self.topic + "/send")
    account.publish(#"{"id":"x1","body":"more"}"#, on: Self.topic + "/send/json")
    account.committed()
    let messages = account.sent().compactMap(\.element)
    #expect(messages.map { $0.attribute("type") } == ["groupchat", "groupchat"])
    #expect(messages.map { $0.attribute("to") } == [Self.jid, Self.jid])
    #expect(messages.last?.attribute("id") == "x1")
  }

  @Test func messagesWaitUntilTheRoomIsEntered() throws {
    var account = try account()
    account.begin()
    account.answer()
    account.publish("early", on: Self.topic + "/send")
    account.committed()
    #expect(account.core.outbound.firstRow == nil)
    try tellInfo(&account, archive: false)
    account.stanza(presence("bridge", codes: [110]))
    account.committed()
    #expect(account.sent().compactMap(\.body) == ["early"])
  }

  @Test func messagesFailWhereTheRoomDoesNotLetUsIn() throws {
    var account = try account()
    account.begin()
    account.answer()
    account.publish("early", on: Self.topic + "/send")
    try tellInfo(&account, archive: false)
    account.stanza(
      "<presence type='error' from='\(Self.jid)/bridge'><error type='auth'>"
        + "<forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>")
    account.publish("later", on: Self.topic + "/send")
    account.publish("to alice")
    account.committed()
    let status = account.published().filter { $0.topic == Self.topic + "/status" }.map(\.text)
    #expect(status.count == 2)
    #expect(status.allSatisfy { $0.contains(#""condition":"recipient-unavailable""#) && $0.contains("forbidden") })
    #expect(account.sent().compactMap(\.body) == ["to alice"])
  }

  @Test func whatCannotBeSentToARoomIsRefused() throws {
    var account = try joined()
    _ = account.take()
    account.publish("hello", on: "xmpp/home/room/other@conference.example.org/send")
    account.publish(#"{"marker":{"type":"displayed","id":"1"}}"#, on: Self.topic + "/send/json")
    account.publish("hello", on: "xmpp/home/room/ops@conference.example.org%2Falice/send")
    account.committed()
    let failures = account.published().map { ($0.topic, $0.text) }
    #expect(failures.count == 3 && failures.allSatisfy { $0.1.contains(#""state":"failed""#) })
    #expect(failures[0].1.contains(#""condition":"forbidden""#))
    #expect(failures[1].1.contains("a room is not told what was displayed"))
    #expect(failures[2].1.contains("a room has none"))
    #expect(account.sent().isEmpty)
    var open = try self.account(maySend: ["*"])
    open.goOnline()
    open.publish("hello", on: "xmpp/home/room/other@conference.example.org/send")
    open.committed()
    let failure = open.published().last { $0.topic.hasSuffix("/status") }?.text
    #expect(failure?.contains("other@conference.example.org is not one of the account's rooms") == true)
  }

  @Test func aMessageThatARoomReturnsHasItsStatusBesideTheRoom() throws {
    var account = try joined()
    account.publish(#"{"id":"x1","body":"hello"}"#, on: Self.topic + "/send/json")
    account.committed()
    acknowledgeAll(&account)
    #expect(statuses(&account) == ["sent"])
    account.stanza(
      "<message type='error' from='\(Self.jid)' id='x1'><error type='modify'>"
        + "<not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>")
    #expect(statuses(&account) == ["failed"])
    // It had forgotten us.
    #expect(try account.core.rooms[JID(Self.jid)]?.isJoined == false)
  }
}
