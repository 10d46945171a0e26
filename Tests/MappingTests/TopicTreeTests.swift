import MQTT
import Mapping
import TestSupport
import Testing
import XMPP

@Suite struct TopicTreeTests {
  let home: EntityTopics
  let alice: JID

  init() throws {
    home = try TopicTree(prefix: "xmpp").account("home")
    alice = try JID("alice@example.org")
  }

  @Test("topics are those of the contract")
  func topics() throws {
    let tree = try TopicTree(prefix: "site/xmpp")
    #expect(tree.state == "site/xmpp/bridge/state")
    #expect(tree.info == "site/xmpp/bridge/info")
    #expect(tree.event == "site/xmpp/bridge/event")
    let work = try tree.account("work-1")
    #expect(work.state == "site/xmpp/work-1/state")
    let phone = try JID("alice@example.org/phone")
    #expect(work.message(from: phone) == "site/xmpp/work-1/message/alice@example.org")
    #expect(work.messageStatus(of: alice) == "site/xmpp/work-1/message/alice@example.org/status")
    #expect(work.messageStatus(of: phone) == "site/xmpp/work-1/message/alice@example.org%2Fphone/status")
    #expect(work.messageSend(to: phone) == "site/xmpp/work-1/message/alice@example.org%2Fphone/send")
    #expect(work.messageSendJSON(to: alice) == "site/xmpp/work-1/message/alice@example.org/send/json")
    #expect(
      work.filters == [
        "site/xmpp/work-1/message/+/send", "site/xmpp/work-1/message/+/send/json",
        "site/xmpp/work-1/room/+/send", "site/xmpp/work-1/room/+/send/json",
      ])
  }

  @Test("a room's topics are those of the contract, whichever of its occupants is given")
  func roomTopics() throws {
    for room in [try JID("ops+1@conference.example.org"), try JID("ops+1@conference.example.org/Alice")] {
      let root = "xmpp/home/room/ops%2B1@conference.example.org"
      #expect(home.room(room) == root)
      #expect(home.roomStatus(of: room) == root + "/status")
      #expect(home.roomState(of: room) == root + "/state")
      #expect(home.roomSubject(of: room) == root + "/subject")
      #expect(home.roomOccupants(of: room) == root + "/occupants")
      #expect(home.roomSend(to: room) == root + "/send")
      #expect(home.roomSendJSON(to: room) == root + "/send/json")
    }
  }

  @Test("what is built is read back, and matches a filter, whatever the JID", arguments: 0..<4)
  func roundTrip(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let filters = try home.filters.map { try TopicFilter($0) }
    var accepted = 0
    for _ in 0..<2000 {
      var text = generator.text(TopicLevelTests.special, length: 1...5) + "@example.org"
      if Bool.random(using: &generator) { text += "/" + generator.text(TopicLevelTests.special, length: 1...5) }
      guard let jid = try? JID(text) else { continue }
      accepted += 1
      try #require(home.address(of: home.messageSend(to: jid)) == .send(jid))
      try #require(home.address(of: home.messageSendJSON(to: jid)) == .sendJSON(jid))
      try #require(filters[0].matches(home.messageSend(to: jid)) && !filters[1].matches(home.messageSend(to: jid)))
      try #require(filters[1].matches(home.messageSendJSON(to: jid)))
      try TopicName.validate(home.messageSend(to: jid))
      try #require(home.statusTopic(beside: home.messageSendJSON(to: jid)) == home.messageStatus(of: jid))
      try #require(home.address(of: home.message(from: jid)) == .unknown)
      try #require(home.address(of: home.messageStatus(of: jid)) == .unknown)

      let room = jid.bare
      try #require(home.address(of: home.roomSend(to: jid)) == .roomSend(room))
      try #require(home.address(of: home.roomSendJSON(to: jid)) == .roomSendJSON(room))
      try #require(filters.map { $0.matches(home.roomSend(to: jid)) } == [false, false, true, false])
      try #require(filters.map { $0.matches(home.roomSendJSON(to: jid)) } == [false, false, false, true])
      try TopicName.validate(home.roomOccupants(of: jid))
      try #require(home.statusTopic(beside: home.roomSend(to: jid)) == home.roomStatus(of: jid))
      for topic in [home.room(jid), home.roomStatus(of: jid), home.roomState(of: jid), home.roomOccupants(of: jid)] {
        try #require(home.address(of: topic) == .unknown)
      }
    }
    #expect(accepted > 100)
  }

  @Test(
    "topics that are none of ours are unknown",
    arguments: [
      "", "xmpp", "xmpp/home", "xmpp/home/", "xmpp/home/message", "xmpp/home/message/", "xmpp/home/message/a@b",
      "xmpp/home/message/a@b/", "xmpp/home/message/a@b/sen", "xmpp/home/message/a@b/sends",
      "xmpp/home/message/a@b/send/", "xmpp/home/message/a@b/send/js", "xmpp/home/message/a@b/send/json/",
      "xmpp/home/message/a@b/c/send", "xmpp/home2/message/a@b/send", "xmpp/hom/message/a@b/send",
      "Xmpp/home/message/a@b/send", "/xmpp/home/message/a@b/send", "xmpp/home/messages/a@b/send",
      "xmpp/home/message/a@b/status", "xmpp/home/room", "xmpp/home/room/", "xmpp/home/room/a@b",
      "xmpp/home/room/a@b/status", "xmpp/home/room/a@b/send/", "xmpp/home/room/a@b/send/jso",
      "xmpp/home/rooms/a@b/send",
      "xmpp/home/room/a@b/c/send", "xmpp/home/roo/a@b/send", "xmpp/home2/room/a@b/send", "xmpp/homeroom/a@b/send",
    ])
  func unknown(topic: String) {
    #expect(home.address(of: topic) == .unknown)
    #expect(home.statusTopic(beside: topic) == nil)
  }

  @Test("a level that is no JID is told from a foreign topic, and has its status topic beside it")
  func invalid() throws {
    guard case .invalid(let error) = home.address(of: "xmpp/home/message/Alice@Example.org/send") else {
      Issue.record("should be invalid")
      return
    }
    #expect(error.rightForm == "alice@example.org")
    #expect(
      home.statusTopic(beside: "xmpp/home/message/Alice@Example.org/send/json")
        == "xmpp/home/message/Alice@Example.org/status")
    guard case .invalid(let empty) = home.address(of: "xmpp/home/message//send") else {
      Issue.record("should be invalid")
      return
    }
    #expect(empty.reason == .empty)
  }

  @Test(
    "a room's level with a resource is refused, and names the room",
    arguments: [
      ("ops@conference.example.org%2FAlice", .roomWithResource),
      ("Ops@conference.example.org%2fAlice", .roomWithResource),
      ("Ops@conference.example.org", .notNormal), ("ops%40conference.example.org", .notNormal),
    ] as [(String, AddressError.Reason)])
  func invalidRoom(level: String, reason: AddressError.Reason) {
    for suffix in ["/send", "/send/json"] {
      let topic = "xmpp/home/room/" + level + suffix
      guard case .invalid(let error) = home.address(of: topic) else {
        Issue.record("should be invalid")
        return
      }
      #expect(error.reason == reason)
      #expect(error.rightForm == "ops@conference.example.org")
      #expect(home.statusTopic(beside: topic) == "xmpp/home/room/" + level + "/status")
    }
  }

  @Test("a room's level that is no JID is refused")
  func noRoom() {
    for (level, says) in [
      ("", "a level of the topic is empty"),
      ("@", "“@” is no JID: there is nothing before the @"),
      (
        "a@b%2Fc",
        "“a@b%2Fc” has a resource, and a room has none; right would be “a@b”"
      ),
      ("a@b%2", "“a@b%2” has a % that is no part of a %XX"),
    ] {
      guard case .invalid(let error) = home.address(of: "xmpp/home/room/\(level)/send") else {
        Issue.record("should be invalid")
        continue
      }
      #expect(error.description == says)
    }
  }

  @Test("the cache answers as the tree does and keeps within its bounds")
  func cache() throws {
    var cache = AddressCache(home, capacity: 10)
    var generator = SeededGenerator(seed: 1)
    for _ in 0..<3000 {
      let number = Int.random(in: 0..<40, using: &generator)
      let topic =
        [
          "xmpp/home/message/u\(number)@b/send", "xmpp/home/message/U\(number)@b/send/json",
          "xmpp/home/room/u\(number)@b/send", "x/\(number)",
        ]
        .randomElement(using: &generator) ?? ""
      try #require(cache.address(of: topic) == home.address(of: topic))
      try #require(cache.count <= 20)
    }
  }

  @Test("the cache does not take a decomposed letter for the composed one")
  func cacheComparesBytes() {
    var cache = AddressCache(home)
    let composed = "xmpp/home/message/\u{E9}@b/send"
    let decomposed = "xmpp/home/message/e\u{301}@b/send"
    guard case .send = cache.address(of: composed) else {
      Issue.record("should be a JID")
      return
    }
    guard case .invalid = cache.address(of: decomposed) else {
      Issue.record("should be refused")
      return
    }
  }

  @Test(
    "a prefix may have levels, but no wildcard, no $ and no empty level",
    arguments: [
      ("xmpp", nil), ("a/b/c", nil), ("Büro 1", nil), ("%41", nil),
      ("", .empty), ("/xmpp", .empty), ("xmpp/", .empty), ("a//b", .empty), ("/", .empty),
      ("a+b", .forbiddenCharacter("+")), ("#", .forbiddenCharacter("#")), ("$SYS", .forbiddenCharacter("$")),
      ("a$", .forbiddenCharacter("$")), ("a\u{0}", .forbiddenCharacter("\u{0}")),
      ("a\u{85}", .forbiddenCharacter("\u{85}")), ("a\u{FFFF}", .forbiddenCharacter("\u{FFFF}")),
      (String(repeating: "x", count: 1025), .tooLong(limit: 1024)),
    ] as [(String, AddressError.Reason?)])
  func prefixes(prefix: String, fault: AddressError.Reason?) {
    var found: AddressError.Reason?
    do { try TopicNames.check(prefix: prefix) } catch { found = error.reason }
    #expect(found == fault)
  }

  @Test("a name has letters, digits, _ and -, and is no word of the tree")
  func names() throws {
    for name in ["home", "A", "0", "_", "-", "a_b-C9", "Bridge", "messages"] { try TopicNames.check(name: name) }
    let words = [
      "bridge", "message", "presence", "set", "typing", "roster", "room", "pubsub", "request", "response", "state",
    ]
    for name in words + ["", "a b", "a/b", "é", "a+", "a.b", "$", "a%20", String(repeating: "a", count: 257)] {
      #expect(throws: AddressError.self, "\(name)") { try TopicNames.check(name: name) }
    }
    for word in words { #expect(throws: AddressError.self) { try TopicTree(prefix: "x").account(word) } }
  }

  @Test(
    "responses go anywhere but where only the bridge speaks",
    arguments: [
      ("reply/here", true), ("xmpp2/x", true), ("xmp", true), ("Xmpp/home/state", true), ("a/$b", true),
      ("/xmpp/x", true),
      ("xmpp/home/response/x", true), ("xmpp/home/response/x/y", true),
      ("", false), ("$SYS/x", false), ("$share/a/b", false), ("a/+", false), ("a/#", false), ("a\u{0}", false),
      ("xmpp", false), ("xmpp/", false), ("xmpp/home/state", false), ("xmpp/bridge/state", false),
      ("xmpp/home/response", false), ("xmpp/home/response/", false), ("xmpp/home/responses/x", false),
      ("xmpp/office/response/x", false), ("xmpp/home/message/a@b/send", false),
      (String(repeating: "x", count: 65536), false),
    ])
  func responses(topic: String, permitted: Bool) {
    #expect(home.permitsResponse(on: topic) == permitted)
  }
}
