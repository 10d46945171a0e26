import Mapping
import TestSupport
import Testing
import XMPP

@Suite struct RoomPayloadTests {
  let time: Int64 = 1_795_334_400_000

  @Test("whether we are in a room is an object of the contract")
  func state() {
    #expect(
      utf8(RoomState(.joined, nick: "bridge", since: time).json)
        == #"{"state":"joined","nick":"bridge","since":"2026-11-22T08:00:00.000Z"}"#)
    #expect(
      utf8(RoomState(.left, nick: "bridge", since: time, reason: "forbidden: no “bots”").json)
        == #"{"state":"left","nick":"bridge","since":"2026-11-22T08:00:00.000Z","reason":"forbidden: no “bots”"}"#)
    #expect(["joined", "joining", "left"].allSatisfy { RoomState.State(rawValue: $0) != nil })
  }

  @Test("what a room is about is an object of the contract, also if it is about nothing")
  func subject() throws {
    let room = try JID("ops@conference.example.org")
    #expect(
      utf8(RoomSubject(subject: "Fire \"&\" brimstone", from: try room.with(resource: "Alice"), time: time).json)
        == #"{"subject":"Fire \"&\" brimstone","from":"ops@conference.example.org/Alice","#
        + #""time":"2026-11-22T08:00:00.000Z"}"#)
    #expect(
      utf8(RoomSubject(subject: "", from: room, time: time).json)
        == #"{"subject":"","from":"ops@conference.example.org","time":"2026-11-22T08:00:00.000Z"}"#)
  }

  @Test("who is in a room is an array of the contract")
  func occupants() throws {
    let alice = RoomOccupant(
      nick: "Alice", jid: try JID("alice@example.org/phone"), role: .moderator, affiliation: .owner, show: .away)
    let bob = RoomOccupant(nick: "bob", role: .visitor, affiliation: .none)
    #expect(
      utf8(RoomOccupant.json([alice, bob]))
        == #"[{"nick":"Alice","jid":"alice@example.org/phone","role":"moderator","affiliation":"owner","show":"away"},"#
        + #"{"nick":"bob","role":"visitor","affiliation":"none","show":"online"}]"#)
    #expect(utf8(RoomOccupant.json([])) == "[]")
  }

  @Test("the same occupants are the same bytes, in the order of their nicknames' bytes")
  func order() throws {
    let nicks = ["B", "a", "aa", "b", "é", "\u{FB01}", "👍"]
    let occupants = nicks.map { RoomOccupant(nick: $0, role: .participant, affiliation: .none) }
    let json = RoomOccupant.json(occupants)
    var generator = SeededGenerator(seed: 1)
    for _ in 0..<20 { #expect(RoomOccupant.json(occupants.shuffled(using: &generator)) == json) }
    guard case .array(let listed) = try JSONValue(parsing: json) else {
      Issue.record("should be an array")
      return
    }
    #expect(listed.map { $0["nick"] } == nicks.map { .string($0) })
  }
}
