import Mapping
import Testing
import XMLStream

@testable import Bridge
@testable import XMPP

/// What a room tells, and what is made of it.
@Suite struct RoomTests {
  private static let jid = try! JID("ops@conference.example.org")

  private func room() -> Room {
    Room(jid: Self.jid, nick: "bridge", password: nil, record: RoomRecord(nick: "bridge", since: 1))
  }

  /// A room that we have entered.
  private func joined() throws -> Room {
    var room = room()
    room.begin(wallClock: 2)
    room.stage = .entering
    _ = room.took(try presence("bridge", codes: [110]), wallClock: 3)
    room.changes = []
    return room
  }

  private func presence(
    _ nick: String, type: String? = nil, codes: [Int] = [], item: String = "affiliation='member' role='participant'",
    inside: String = ""
  ) throws -> MultiUserChat.OccupantPresence {
    let type = type.map { " type='\($0)'" } ?? ""
    let statuses = codes.map { "<status code='\($0)'/>" }.joined()
    let xml =
      "<presence xmlns='jabber:client' from='ops@conference.example.org/\(nick)'\(type)>"
      + "<x xmlns='http://jabber.org/protocol/muc#user'><item \(item)>\(inside)</item>\(statuses)</x></presence>"
    return try #require(MultiUserChat.OccupantPresence(try XMLElement(parsing: xml)))
  }

  @Test func isJoinedWithItsOwnPresenceAndTellsTheOccupantsAtOnce() throws {
    var room = room()
    room.begin(wallClock: 2)
    #expect(room.record.state == RoomState(.joining, nick: "bridge", since: 2))
    room.stage = .entering
    #expect(room.took(try presence("alice"), wallClock: 3) == .none)
    #expect(!room.changes.contains(.occupants))
    #expect(room.took(try presence("bridge", codes: [110]), wallClock: 4) == .entered)
    #expect(room.record.state == RoomState(.joined, nick: "bridge", since: 4))
    #expect(room.record.occupants.keys.sorted() == ["alice", "bridge"])
    #expect(room.changes == [.state, .occupants])
  }

  @Test func aNewRoomIsAcceptedBeforeAnythingIsSaidThere() throws {
    var room = room()
    room.begin(wallClock: 2)
    room.stage = .entering
    #expect(room.took(try presence("bridge", codes: [110, 201]), wallClock: 4) == .made)
    #expect(room.record.state.state == .joining && room.obstacle == .absence && room.holdsMessages)
    room.settle(wallClock: 5)
    #expect(room.record.state == RoomState(.joined, nick: "bridge", since: 5))
    #expect(room.obstacle == nil && !room.holdsMessages)
  }

  @Test func takesTheNicknameThatTheRoomGives() throws {
    var room = room()
    room.begin(wallClock: 2)
    room.stage = .entering
    _ = room.took(try presence("Bridge of ops", codes: [110, 210]), wallClock: 3)
    #expect(room.record.state.nick == "Bridge of ops")
    #expect(room.wasOurs("Bridge of ops") && !room.wasOurs("bridge"))
  }

  @Test func triesThreeOtherNicknames() throws {
    var room = room()
    room.begin(wallClock: 2)
    room.stage = .entering
    for expected in ["bridge_", "bridge__", "bridge___"] {
      let tries = room.tryOtherNick()
      #expect(tries && room.record.state.nick == expected)
    }
    let tries = room.tryOtherNick()
    #expect(!tries)
    _ = room.failed("conflict", .late, wallClock: 3)
    room.begin(wallClock: 4)
    #expect(room.record.state.nick == "bridge")
  }

  @Test func followsOccupants() throws {
    var room = try joined()
    _ = room.took(
      try presence("alice", item: "affiliation='owner' role='moderator' jid='alice@example.org/p'"), wallClock: 4)
    #expect(room.record.occupants["alice"]?.jid?.description == "alice@example.org/p")
    #expect(room.changes == [.occupants])
    room.changes = []
    _ = room.took(
      try presence("alice", item: "affiliation='owner' role='moderator' jid='alice@example.org/p'"), wallClock: 5)
    #expect(room.changes.isEmpty)
    _ = room.took(try presence("alice", type: "unavailable"), wallClock: 6)
    #expect(room.record.occupants["alice"] == nil && room.changes == [.occupants])
  }

  @Test func followsItsOwnNickname() throws {
    var room = try joined()
    let renamed = try presence(
      "bridge", type: "unavailable", codes: [110, 303], item: "affiliation='member' role='participant' nick='b2'")
    #expect(room.took(renamed, wallClock: 4) == .none)
    #expect(room.took(try presence("b2", codes: [110]), wallClock: 4) == .none)
    #expect(room.record.state.nick == "b2" && room.isJoined)
    #expect(room.wasOurs("bridge") && room.wasOurs("b2"))
  }

  @Test(arguments: [
    ([110, 307], "kicked: too loud", Room.Return.never), ([110, 301], "banned: too loud", .never),
    ([110, 307, 333], "removed after an error: too loud", .soon), ([110, 321], "no member any more: too loud", .late),
    ([110, 332], "the service shuts down: too loud", .soon), ([110], "removed: too loud", .soon),
  ])
  func saysWhyItWasLeft(codes: [Int], reason: String, comeback: Room.Return) throws {
    var room = try joined()
    let presence = try presence("bridge", type: "unavailable", codes: codes, inside: "<reason>too loud</reason>")
    #expect(room.took(presence, wallClock: 4) == .left(reason: reason, comeback))
  }

  @Test func aDepartureWithoutTheMarkOfOurOwnIsOursByItsNickname() throws {
    var room = try joined()
    #expect(room.took(try presence("bridge", type: "unavailable"), wallClock: 4) == .left(reason: "removed", .soon))
  }

  @Test func comesBackMoreAndMoreSlowly() throws {
    var room = room()
    var rests: [Duration?] = []
    for _ in 0..<9 {
      room.begin(wallClock: 2)
      rests.append(room.failed("no answer", .soon, wallClock: 3))
    }
    #expect(rests == [5, 10, 20, 40, 80, 160, 320, 600, 600].map { .seconds($0) })
    #expect(room.failed("banned", .never, wallClock: 4) == nil && room.stage == .out)
    #expect(room.failed("forbidden", .late, wallClock: 4) == .seconds(600) && room.stage == .resting)
  }

  /// Messages wait while there is hope, and fail with the reason when there is none.
  @Test func messagesWaitForTwoAttempts() throws {
    var room = room()
    #expect(room.obstacle == .absence)
    room.begin(wallClock: 2)
    _ = room.failed("no answer", .soon, wallClock: 3)
    room.begin(wallClock: 4)
    _ = room.failed("no answer", .soon, wallClock: 5)
    #expect(room.obstacle == .absence)
    room.begin(wallClock: 6)
    _ = room.failed("no answer", .soon, wallClock: 7)
    #expect(room.obstacle == .refusal("no answer"))
    room.begin(wallClock: 8)
    #expect(room.obstacle == .refusal("no answer"))
    room.stage = .entering
    _ = room.took(try presence("bridge", codes: [110]), wallClock: 9)
    #expect(room.obstacle == nil)
  }

  @Test func endsWithItsSession() throws {
    var room = try joined()
    room.sessionEnded(wallClock: 9)
    #expect(room.record.state == RoomState(.left, nick: "bridge", since: 9, reason: "the session ended"))
    #expect(room.record.occupants.isEmpty && room.changes == [.state, .occupants])
    #expect(room.obstacle == .absence)
  }

  @Test func aRecordSurvivesTheJournal() throws {
    var room = try joined()
    _ = room.took(
      try presence("alice", item: "affiliation='owner' role='moderator' jid='alice@example.org/p'"), wallClock: 4)
    room.took(RoomSubject(subject: "Ops", from: try JID("ops@conference.example.org/alice"), time: 5))
    room.record.hasArchive = true
    room.record.archive.found(now: 6)
    let record = room.record
    #expect(try RoomRecord(record.bytes, occupants: record.occupantBytes) == record)
    for length in 0..<record.bytes.count {
      #expect(throws: (any Error).self) {
        try RoomRecord(Array(record.bytes.prefix(length)), occupants: record.occupantBytes)
      }
    }
    for length in 0..<record.occupantBytes.count {
      #expect(throws: (any Error).self) {
        try RoomRecord(record.bytes, occupants: Array(record.occupantBytes.prefix(length)))
      }
    }
  }

  @Test func whatAnEarlierProcessLeftHoldsIfItsStreamGoesOn() throws {
    var room = self.room()
    room.record = try joined().record
    var other = room
    room.found(isResumable: true, wallClock: 9)
    #expect(room.isJoined && room.record.state.state == .joined && room.changes == [.state, .occupants])
    other.found(isResumable: false, wallClock: 9)
    #expect(!other.isJoined && other.record.state.state == .left && other.record.occupants.isEmpty)
  }

  @Test func onlyARoomWithoutAnArchiveIsAskedForItsHistory() throws {
    var room = try joined()
    #expect(room.history == .none)
    room.heard(wallClock: 1_000_000)
    #expect(room.history == .since(940_000))
    room.told(DiscoInfo(identities: [], features: ["urn:xmpp:mam:2"]))
    // Ids that anybody could have written are no ground to stand on.
    #expect(!room.record.hasArchive)
    room.told(DiscoInfo(identities: [], features: ["urn:xmpp:mam:2", "urn:xmpp:sid:0"]))
    #expect(room.record.hasArchive && room.history == .none)
  }
}
