import MQTT
import Mapping
import XMLStream
import XMPP

extension Operation {
  /// What a message is on one side, made of what it is on the other.
  static let payloads = [
    // XMPP → MQTT: the stanza is read.
    Operation("event.read", repetitions: 2_000) {
      let stanza = try XMLElement(parsing: Sample.chat)
      let account = try JID("home@example.org")
      return { repetitions in
        try sum(repetitions) {
          let event = try MessageEvent(
            stanza: stanza, account: account, archiveID: "1763853600123456", receivedAt: time)
          return event?.body?.utf8.count ?? 0
        }
      }
    },
    // It becomes JSON.
    Operation("event.json", repetitions: 2_000) {
      let event = try receivedEvent()
      return { sum($0) { event.json.count } }
    },
    // It gets the properties of MQTT 5.
    Operation("event.properties", repetitions: 2_000) {
      let event = try receivedEvent()
      return { sum($0) { PublishMarks.properties(bridge: "bridge", event: event).userProperties.count } }
    },
    // MQTT → XMPP: an envelope is read.
    Operation("envelope.read", repetitions: 2_000) {
      let payload = Array(#"{"id":"order-4711","body":"\#(Sample.body)","type":"chat","thread":"orders"}"#.utf8)
      return { try sum($0) { try MessageEnvelope(payload).body?.utf8.count ?? 0 } }
    },
    // The stanza is written.
    Operation("stanza.write", repetitions: 2_000) {
      let message = OutboundMessage(to: try JID("alice@example.org"), id: "7b3f2c51-9a0e", body: Sample.body)
      return { sum($0) { message.stanza.count } }
    },
  ]

  /// In milliseconds since 1970.
  private static let time: Int64 = 1_763_853_600_123

  private static func receivedEvent() throws -> MessageEvent {
    var event = MessageEvent(
      from: try JID("alice@example.org/phone"), to: try JID("home@example.org/bridge"), time: time)
    event.seq = 4_711
    event.epoch = 1_763_850_000
    event.id = "7b3f2c51-9a0e"
    event.body = Sample.body
    event.stanzaID = "1763853600123456"
    event.originID = "7b3f2c51-9a0e"
    return event
  }
}
