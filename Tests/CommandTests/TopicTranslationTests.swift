import Testing

@testable import xmpp_mqtt_bridge

@Suite("topic translates")
struct TopicTranslationTests {
  @Test(
    "JIDs into levels",
    arguments: [
      ("alice@example.org", "alice@example.org"), ("Alice@Example.org", "alice@example.org"),
      ("example.org", "example.org"), ("alice@example.org/Büro 1/2", "alice@example.org%2FBüro 1%2F2"),
      ("alice@example.org/a+b#c%", "alice@example.org%2Fa%2Bb%23c%25"),
      ("alice@example.org/message/x", "alice@example.org%2Fmessage%2Fx"),
      ("user%example.com@gateway.org", "user%25example.com@gateway.org"),
    ])
  func encodes(text: String, level: String) throws {
    #expect(try TopicTranslation.translate(text) == level)
  }

  @Test(
    "levels and topics into JIDs",
    arguments: [
      ("alice@example.org%2FBüro 1%2F2", "alice@example.org/Büro 1/2"), ("user%25x@gateway.org", "user%x@gateway.org"),
      ("xmpp/home/message/alice@example.org", "alice@example.org"),
      ("xmpp/home/message/alice@example.org%2Fphone/send", "alice@example.org/phone"),
      ("xmpp/home/message/alice@example.org/send/json", "alice@example.org"),
      ("xmpp/home/message/alice@example.org/status", "alice@example.org"),
      ("a/message/b/home/message/alice@example.org/send", "alice@example.org"),
      ("xmpp/home/presence/alice@example.org", "alice@example.org"),
      ("xmpp/home/room/ops@conference.example.org/state", "ops@conference.example.org"),
      ("xmpp/home/room/ops@conference.example.org/send/json", "ops@conference.example.org"),
      ("xmpp/home/room/ops@conference.example.org", "ops@conference.example.org"),
      ("xmpp/room/message/alice@example.org%2Fphone/send", "alice@example.org/phone"),
      ("xmpp/things/lamp/message/alice@example.org/send", "alice@example.org"),
    ])
  func decodes(text: String, jid: String) throws {
    #expect(try TopicTranslation.translate(text) == jid)
  }

  @Test(
    "nothing that is wrong, and says what would be right",
    arguments: [
      ("", "“” is no JID: the domain, or a label of it, is missing"),
      ("@", "“@” is no JID: there is nothing before the @"),
      ("alice@example.org/", "“alice@example.org/” is no JID: there is nothing behind the /"),
      (
        "xmpp/home/message/Alice@example.org/send",
        "“Alice@example.org” is not the normal form; right would be “alice@example.org”"
      ),
      (
        "alice@example.org%2fphone",
        "“alice@example.org%2fphone” is not the normal form; right would be “alice@example.org%2Fphone”"
      ),
      ("xmpp/home/message//send", "a level of the topic is empty"),
      (
        "xmpp/home/room/ops@conference.example.org%2FAlice/send",
        "“ops@conference.example.org%2FAlice” has a resource, and a room has none; right would be “ops@conference.example.org”"
      ),
    ])
  func refuses(text: String, says: String) {
    #expect(throws: TopicTranslation.Fault(description: says)) { try TopicTranslation.translate(text) }
  }
}
