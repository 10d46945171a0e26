import Mapping
import Testing
import XMPP

@Suite struct StatusPayloadTests {
  let time: Int64 = 1_795_334_400_000

  @Test("statuses are objects of the contract")
  func status() throws {
    #expect(
      utf8(DeliveryStatus(id: "1", state: .sent, time: time).json)
        == #"{"id":"1","state":"sent","time":"2026-11-22T08:00:00.000Z"}"#)
    let bounced = DeliveryStatus.Failure(StanzaError(.itemNotFound, text: "no such user"))
    #expect(
      utf8(DeliveryStatus(id: "1", state: .failed, time: time, error: bounced).json)
        == #"{"id":"1","state":"failed","time":"2026-11-22T08:00:00.000Z","#
        + #""error":{"condition":"item-not-found","text":"no such user"}}"#)
    let error = #expect(throws: AddressError.self) { try TopicLevel.decodeJID("A@b") }
    let failure = DeliveryStatus.Failure(try #require(error))
    #expect(failure.condition == "jid-malformed")
    #expect(
      utf8(DeliveryStatus(id: nil, state: .failed, time: time, error: failure).json)
        == #"{"state":"failed","time":"2026-11-22T08:00:00.000Z","#
        + #""error":{"condition":"jid-malformed","text":"“A@b” is not the normal form; right would be “a@b”"}}"#)
    #expect(
      ["queued", "sent", "delivered", "displayed", "failed"].allSatisfy { DeliveryStatus.State(rawValue: $0) != nil })
  }

  @Test("states, events and the bridge's own topics are objects of the contract")
  func others() throws {
    let jid = try JID("bot@example.org/bridge")
    #expect(
      utf8(EntityState(.online, jid: jid, since: time).json)
        == #"{"state":"online","jid":"bot@example.org/bridge","since":"2026-11-22T08:00:00.000Z"}"#)
    #expect(
      utf8(EntityState(.offline, jid: jid, since: time, reason: "not-authorized").json)
        == #"{"state":"offline","jid":"bot@example.org/bridge","since":"2026-11-22T08:00:00.000Z","reason":"not-authorized"}"#
    )
    #expect(utf8(BridgeState.online.json) == #"{"state":"online"}"#)
    #expect(utf8(BridgeState.offline.json) == #"{"state":"offline"}"#)
    #expect(
      utf8(BridgeEvent(time: time, level: .warning, event: "bad-topic", entity: "home", detail: "x").json)
        == #"{"time":"2026-11-22T08:00:00.000Z","level":"warning","event":"bad-topic","entity":"home","detail":"x"}"#)
    #expect(
      utf8(BridgeEvent(time: time, level: .info, event: "started").json)
        == #"{"time":"2026-11-22T08:00:00.000Z","level":"info","event":"started"}"#)
    #expect(
      utf8(BridgeInfo(version: "1.0", started: time, accounts: ["home", "work"]).json)
        == #"{"version":"1.0","started":"2026-11-22T08:00:00.000Z","accounts":["home","work"],"components":[]}"#)
  }
}
