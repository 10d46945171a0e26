import MQTT
import Records
import Testing

@Suite("PublishHeader")
struct PublishHeaderTests {
  static let everything = PublishProperties(
    contentType: "application/json", payloadFormatUTF8: true, messageExpiry: 86_400, responseTopic: "antwort/ü",
    correlationData: [0, 255, 0],
    userProperties: [
      UserProperty(name: "xmpp-from", value: "peer@localhost/grüße"), UserProperty(name: "", value: ""),
      UserProperty(name: "xmpp-from", value: "twice"),
    ])

  @Test("says what it was made of", arguments: [PublishProperties(), everything])
  func roundTrip(properties: PublishProperties) throws {
    let header = PublishHeader(topic: "a/ß/c", qos: .exactlyOnce, retain: true, properties: properties)
    #expect(header.topic == "a/ß/c")
    #expect(header.qos == .exactlyOnce)
    #expect(header.retain)
    #expect(header.properties == properties)

    var fields = FieldReader(header.bytes + [1, 2, 3])
    #expect(try PublishHeader(&fields) == header)
    #expect(fields.position == header.bytes.count)
  }

  @Test("no two texts adjoin, so that each can get an end of its own where it lies")
  func textsDoNotAdjoin() {
    let header = PublishHeader(topic: "t", qos: .atLeastOnce, retain: false, properties: Self.everything)
    let parts = header.parts
    var texts = [parts.topic, parts.contentType, parts.responseTopic, parts.correlationData].compactMap { $0 }
    header.forEachUserProperty(of: parts) { texts += [$0, $1] }
    #expect(texts.count == 10)
    for (text, next) in zip(texts, texts.dropFirst()) { #expect(text.upperBound < next.lowerBound) }
  }

  @Test("the expiry of a publish takes the place of its header's")
  func expiry() {
    var publish = OutboundPublish(token: 1, topic: "t", payload: [], properties: Self.everything)
    #expect(publish.properties == Self.everything)
    publish.messageExpiry = 5
    #expect(publish.properties.messageExpiry == 5)
    #expect(publish.topic == "t" && !publish.retain && publish.qos == .atLeastOnce)
  }

  @Test("damage is thrown, whatever it is")
  func damage() throws {
    let bytes = PublishHeader(topic: "t", qos: .atLeastOnce, retain: false, properties: Self.everything).bytes
    for end in bytes.indices {
      #expect(throws: FieldError.self) {
        var fields = FieldReader(Array(bytes[..<end]))
        _ = try PublishHeader(&fields)
      }
    }
    for index in bytes.indices {
      for bit in 0..<8 {
        var damaged = bytes
        damaged[index] ^= 1 << bit
        var fields = FieldReader(damaged)
        // What is taken can be read whole.
        if let header = try? PublishHeader(&fields) { _ = (header.topic, header.properties) }
      }
    }
  }
}
