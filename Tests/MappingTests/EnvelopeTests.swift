import Mapping
import Testing
import XMPP

@Suite struct EnvelopeTests {
  func envelope(_ json: String) throws(EnvelopeError) -> MessageEnvelope {
    try MessageEnvelope(Array(json.utf8))
  }

  @Test("all supported names are read")
  func complete() throws {
    let envelope = try envelope(#"{"thread":"t","id":"42","type":"headline","body":"b\n","subject":"s"}"#)
    #expect(envelope.id == "42" && envelope.body == "b\n" && envelope.subject == "s" && envelope.thread == "t")
    #expect(envelope.type == .headline)
    let least = try self.envelope(#"{"body":"x"}"#)
    #expect(least.id == nil && least.type == .chat && least.thread == nil)
    #expect(try self.envelope(#"{"subject":"x","body":""}"#).body == nil)
    #expect(try self.envelope(#"{"body":"x","type":"normal"}"#).type == .normal)
  }

  @Test(
    "a fault is named, with the id where there is one",
    arguments: [
      ("", "the payload is no JSON: at byte 0: the text ends too early", nil),
      ("hello", "the payload is no JSON: at byte 0: there should be a value", nil),
      (
        #"{"body":"a","body":"b"}"#, "the payload is no JSON: at byte 12: the name “body” occurs twice in an object",
        nil
      ),
      ("[]", "the payload should be a JSON object and is an array", nil),
      ("\"x\"", "the payload should be a JSON object and is a string", nil),
      ("{}", "there is neither a “body” nor a “subject” nor a “marker”", nil),
      (#"{"id":"1"}"#, "there is neither a “body” nor a “subject” nor a “marker”", "1"),
      (#"{"id":"1","body":""}"#, "there is neither a “body” nor a “subject” nor a “marker”", "1"),
      (#"{"body":5,"id":"1"}"#, "“body” should be a string and is a number", "1"),
      (#"{"body":null,"id":"1"}"#, "“body” should be a string and is null", "1"),
      (#"{"body":"x","subject":{}}"#, "“subject” should be a string and is an object", nil),
      (#"{"id":7,"body":"x"}"#, "“id” should be a string and is a number", nil),
      (#"{"id":"","body":"x"}"#, "“id” is empty", nil),
      (#"{"id":"a\u0000","body":"x"}"#, "the id has the character U+0000 at byte 1, which XMPP cannot carry", nil),
      (#"{"boddy":"x","id":"1"}"#, "“boddy” is unknown; did you mean “body”?", "1"),
      (#"{"Body":"x"}"#, "“Body” is unknown; did you mean “body”?", nil),
      (#"{"replyto":"x"}"#, "“replyto” is unknown; did you mean “reply_to”?", nil),
      (#"{"xyzzy":"x"}"#, "“xyzzy” is unknown", nil),
      (
        #"{"body":"x","type":"groupchat"}"#, "“type” should be \"chat\", \"normal\" or \"headline\" and is a string",
        nil
      ),
      (#"{"marker":"displayed"}"#, #"“marker” should be {"type":"displayed","id":…} and is a string"#, nil),
      (
        #"{"marker":{"type":"received","id":"1"}}"#,
        #"“marker” should be {"type":"displayed","id":…} and is an object"#,
        nil
      ),
      (#"{"marker":{"type":"displayed","id":""}}"#, "“id” is empty", nil),
      (#"{"body":"x","expires":"soon"}"#, "“expires” should be a time in RFC 3339 and is a string", nil),
      (#"{"body":"x","expires":60}"#, "“expires” should be a time in RFC 3339 and is a number", nil),
      (#"{"body":"x","type":true}"#, "“type” should be \"chat\", \"normal\" or \"headline\" and is a boolean", nil),
      (#"{"body":"é\u000b"}"#, "the body has the character U+000B at byte 2, which XMPP cannot carry", nil),
      (#"{"body":"\uffff"}"#, "the body has the character U+FFFF at byte 0, which XMPP cannot carry", nil),
      (
        #"{"body":"x","thread":"\u0001"}"#, "the thread has the character U+0001 at byte 0, which XMPP cannot carry",
        nil
      ),
    ] as [(String, String, String?)])
  func faults(json: String, sentence: String, id: String?) {
    let error = #expect(throws: EnvelopeError.self) { try envelope(json) }
    #expect(error?.description == sentence)
    #expect(error?.id == id)
    #expect(error?.condition == "bad-request")
  }

  @Test(
    "names of the contract that this version does not act on are refused as such",
    arguments: [
      "replaces", "reply_to", "url", "reactions", "retracts", "state", "lang", "file",
    ])
  func notSupported(name: String) {
    let error = #expect(throws: EnvelopeError.self) { try envelope(#"{"id":"1","body":"x","\#(name)":"y"}"#) }
    #expect(error?.description == "“\(name)” is not supported by this version")
    #expect(error?.condition == "feature-not-implemented")
    #expect(error?.id == "1")
  }

  @Test("a marker alone is something to send, and a message may expire")
  func markerAndExpiry() throws {
    let marker = try envelope(#"{"marker":{"type":"displayed","id":"m1"}}"#)
    #expect(marker.displayed == "m1" && marker.body == nil)
    #expect(try envelope(#"{"body":"x","expires":"2026-11-22T08:00:00Z"}"#).expires == 1_795_334_400_000)
  }

  @Test("a sentence stays short, however long the name it is about")
  func shortSentences() {
    let name = String(repeating: "n\u{301}", count: 100_000)
    let error = #expect(throws: EnvelopeError.self) { try envelope(#"{"body":"x","\#(name)":1}"#) }
    #expect(error?.description.utf8.count ?? .max < 300)
  }

  @Test("an id may have 256 bytes")
  func longID() throws {
    let id = String(repeating: "é", count: 128)
    #expect(try envelope(#"{"id":"\#(id)","body":"x"}"#).id == id)
    #expect(throws: EnvelopeError.self) { try envelope(#"{"id":"\#(id)x","body":"x"}"#) }
  }

  @Test(
    "the nearest word is what was meant, if it is near",
    arguments: [
      ("alow", "allow"), ("allwo", "allow"), ("ALLOW", "allow"), ("may-send", "may_send"), ("maysend", "may_send"),
      ("room", "rooms"), ("", nil), ("zebra", nil), ("x", nil),
    ])
  func spelling(word: String, meant: String?) {
    #expect(Spelling.nearest(to: word, in: ["allow", "may_send", "rooms", "presence"]) == meant)
  }
}
