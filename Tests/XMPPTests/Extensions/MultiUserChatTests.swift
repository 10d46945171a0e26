import Testing
import XMLStream
import XMPP

/// Rooms (XEP-0045).
@Suite struct MultiUserChatTests {
  private let room: JID
  private let occupant: JID

  init() throws {
    room = try JID("ops@conference.example.org")
    occupant = try JID("ops@conference.example.org/bridge")
  }

  private static let user = "http://jabber.org/protocol/muc#user"

  private func presence(_ inside: String, from: String = "ops@conference.example.org/Alice", type: String? = nil) throws
    -> MultiUserChat.OccupantPresence?
  {
    let type = type.map { " type='\($0)'" } ?? ""
    return MultiUserChat.OccupantPresence(
      try XMLElement(parsing: "<presence from='\(from)' to='bot@example.org/b'\(type)>\(inside)</presence>"))
  }

  private func extended(_ inside: String, type: String? = nil) throws -> MultiUserChat.OccupantPresence {
    try #require(try presence("<x xmlns='\(Self.user)'>\(inside)</x>", type: type))
  }

  // MARK: What we say

  @Test("enters a room, and says what of its history is wanted")
  func join() {
    #expect(
      StanzaTests.text(MultiUserChat.join(occupant, history: .none))
        == "<presence to='ops@conference.example.org/bridge'><x xmlns='http://jabber.org/protocol/muc'>"
        + "<history maxchars='0' maxstanzas='0'/></x></presence>")
    #expect(
      StanzaTests.text(MultiUserChat.join(occupant, password: "a<b", history: .since(1_795_334_400_000)))
        == "<presence to='ops@conference.example.org/bridge'><x xmlns='http://jabber.org/protocol/muc'>"
        + "<history since='2026-11-22T08:00:00.000Z'/><password>a&lt;b</password></x></presence>")
  }

  @Test("leaves a room")
  func leave() {
    #expect(
      StanzaTests.text(MultiUserChat.leave(occupant))
        == "<presence to='ops@conference.example.org/bridge' type='unavailable'/>")
  }

  @Test("accepts a new room as it is; the request goes to the room, whatever nickname is given")
  func acceptDefaults() {
    for address in [room, occupant] {
      #expect(
        StanzaTests.text(MultiUserChat.acceptDefaults(of: address, id: "c1"))
          == "<iq type='set' id='c1' to='ops@conference.example.org'><query xmlns='http://jabber.org/protocol/muc#owner'>"
          + "<x xmlns='jabber:x:data' type='submit'/></query></iq>")
    }
  }

  // MARK: The subject

  @Test(
    "a subject without a body or a thread is the room's",
    arguments: [
      ("<subject>Fire &amp; brimstone</subject>", "Fire & brimstone"), ("<subject/>", ""), ("<subject></subject>", ""),
      ("<subject>a</subject><delay xmlns='urn:xmpp:delay' stamp='2002-10-13T23:58:37Z'/>", "a"),
      ("<subject>a</subject><body xmlns='other'/><thread xmlns='other'/>", "a"),
    ])
  func subject(inside: String, subject: String) throws {
    let message = try XMLElement(parsing: "<message type='groupchat'>\(inside)</message>")
    #expect(MultiUserChat.subject(in: message) == subject)
  }

  @Test(
    "anything else leaves the subject as it is",
    arguments: [
      "<message type='groupchat'><body>a</body></message>",
      "<message type='groupchat'><subject>a</subject><body>b</body></message>",
      "<message type='groupchat'><subject>a</subject><body/></message>",
      "<message type='groupchat'><subject>a</subject><thread>b</thread></message>",
      "<message type='groupchat'><subject xmlns='other'>a</subject></message>",
      "<message type='groupchat'/>", "<message type='chat'><subject>a</subject></message>",
      "<message type='error'><subject>a</subject></message>", "<message><subject>a</subject></message>",
      "<presence type='groupchat'><subject>a</subject></presence>",
    ])
  func noSubject(stanza: String) throws {
    #expect(MultiUserChat.subject(in: try XMLElement(parsing: stanza)) == nil)
  }

  // MARK: Occupants

  @Test("reads an occupant")
  func occupants() throws {
    let alice = try #require(
      try presence(
        "<show>dnd</show><x xmlns='\(Self.user)'>"
          + "<item affiliation='owner' role='moderator' jid='Alice@Example.org/phone'/></x>"))
    #expect(alice.room == room)
    #expect(alice.nick == "Alice")
    #expect(alice.isAvailable)
    #expect(alice.jid == (try JID("alice@example.org/phone")))
    #expect(alice.role == .moderator && alice.affiliation == .owner)
    #expect(alice.show == .dnd)
    #expect(alice.statuses.isEmpty && !alice.isSelf && !alice.isDestroyed)
    #expect(alice.newNick == nil && alice.reason == nil)
  }

  @Test("reads the status codes, and that it is we by one of them")
  func statuses() throws {
    let we = try extended(
      "<item affiliation='none' role='participant'/><status code='100'/><status code='110'/><status code='210'/>"
        + "<status code='many'/><status/><status xmlns='other' code='999'/>")
    #expect(we.statuses == [100, 110, 210])
    #expect(we.isSelf)
  }

  @Test("an old service says nothing of roles")
  func withoutExtension() throws {
    for inside in ["", "<x xmlns='other'><item role='moderator'/></x>", "<x xmlns='\(Self.user)'/>"] {
      let alice = try #require(try presence(inside))
      #expect(alice.nick == "Alice" && alice.isAvailable)
      #expect(alice.role == .none && alice.affiliation == .none && alice.jid == nil)
    }
  }

  @Test("what it does not know, it reads as none")
  func unknownWords() throws {
    let alice = try #require(
      try presence("<show>busy</show><x xmlns='\(Self.user)'><item affiliation='king' role='Visitor' jid='@'/></x>"))
    #expect(alice.role == .none && alice.affiliation == .none && alice.jid == nil && alice.show == nil)
  }

  @Test("an occupant leaves, and is not away as well")
  func leaves() throws {
    let alice = try #require(
      try presence(
        "<show>away</show><x xmlns='\(Self.user)'><item affiliation='member' role='none'/></x>", type: "unavailable"))
    #expect(!alice.isAvailable && alice.role == .none && alice.affiliation == .member && alice.show == nil)
  }

  @Test("an occupant is called something else from now on")
  func rename() throws {
    let item = "<item affiliation='member' role='participant' nick='Ali&#xe7;e\u{3000}B'/>"
    let renamed = try extended(item + "<status code='303'/>", type: "unavailable")
    #expect(renamed.newNick == "Aliçe B")
    #expect(try extended(item).newNick == nil)
    #expect(try extended("<item nick=''/><status code='303'/>", type: "unavailable").newNick == nil)
    #expect(try extended("<status code='303'/>", type: "unavailable").newNick == nil)
  }

  @Test("an occupant is removed, for a reason or without one")
  func removal() throws {
    let kicked = try extended(
      "<item affiliation='none' role='none'><actor nick='Fluellen'/><reason>Avaunt!</reason></item>"
        + "<status code='110'/><status code='307'/>", type: "unavailable")
    #expect(kicked.isSelf && kicked.statuses.contains(307) && kicked.reason == "Avaunt!" && !kicked.isDestroyed)
    for inside in ["<item role='none'><reason/></item>", "<item role='none'/>", "<reason>not here</reason>"] {
      #expect(try extended(inside, type: "unavailable").reason == nil)
    }
  }

  @Test("a room is destroyed")
  func destruction() throws {
    let destroyed = try extended(
      "<item affiliation='none' role='none'><reason/></item><destroy jid='other@conference.example.org'>"
        + "<reason>Macbeth doth come.</reason></destroy>", type: "unavailable")
    #expect(destroyed.isDestroyed && destroyed.reason == "Macbeth doth come.")
    let silent = try extended("<destroy/>", type: "unavailable")
    #expect(silent.isDestroyed && silent.reason == nil)
  }

  @Test("what does not come from an occupant is none")
  func none() throws {
    for type in ["error", "subscribe", "subscribed", "unsubscribe", "unsubscribed", "probe", "other"] {
      #expect(try presence("", type: type) == nil)
    }
    for from in ["ops@conference.example.org", "conference.example.org", "@", ""] {
      #expect(try presence("", from: from) == nil)
    }
    #expect(MultiUserChat.OccupantPresence(try XMLElement(parsing: "<presence/>")) == nil)
    #expect(MultiUserChat.OccupantPresence(try XMLElement(parsing: "<message from='a@b/c'/>")) == nil)
    #expect(MultiUserChat.OccupantPresence(try XMLElement(parsing: "<presence xmlns='other' from='a@b/c'/>")) == nil)
  }
}
