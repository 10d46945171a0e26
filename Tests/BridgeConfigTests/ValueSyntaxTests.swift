import Testing

@testable import BridgeConfig

@Suite("How values are written")
struct ValueSyntaxTests {
  @Test(
    "durations",
    arguments: [
      ("0", Duration.zero), ("0s", .zero), ("500ms", .milliseconds(500)), ("10s", .seconds(10)), ("5m", .seconds(300)),
      ("2h", .seconds(7200)), ("7d", .seconds(604_800)), ("007s", .seconds(7)),
      ("9223372036854775807ms", .milliseconds(Int64.max)),
    ])
  func durations(text: String, duration: Duration) {
    #expect(DurationSyntax.parse(text) == duration)
  }

  @Test(
    "what is no duration",
    arguments: [
      "", "s", "1", "00", "-1s", "+1s", "1.5s", "1 s", " 1s", "1s ", "1S", "1w", "1h30m", "٣s", "9223372036854775808ms",
    ])
  func noDurations(text: String) {
    #expect(DurationSyntax.parse(text) == nil)
  }

  @Test(
    "durations are told in the largest unit that fits", arguments: ["0", "1ms", "1500ms", "90s", "5m", "36h", "7d"])
  func durationText(text: String) {
    #expect(DurationSyntax.parse(text).map(DurationSyntax.text) == text)
  }

  @Test("sizes", arguments: [("0KiB", 0), ("1KiB", 1024), ("256MiB", 268_435_456), ("2GiB", 2_147_483_648)])
  func sizes(text: String, bytes: Int) {
    #expect(ByteSizeSyntax.parse(text) == bytes)
  }

  @Test("what is no size", arguments: ["", "1", "KiB", "1KB", "1kib", "1 KiB", "-1KiB", "1.5MiB", "8589934592GiB"])
  func noSizes(text: String) {
    #expect(ByteSizeSyntax.parse(text) == nil)
  }

  @Test(
    "URLs of brokers",
    arguments: [
      ("mqtt://h", "mqtt://h:1883"), ("mqtts://h", "mqtts://h:8883"), ("MQTT://h", "mqtt://h:1883"),
      ("mqtt://h:1", "mqtt://h:1"), ("mqtt://h/", "mqtt://h:1883"), ("mqtt://h:65535/", "mqtt://h:65535"),
      ("mqtt://[::1]", "mqtt://[::1]:1883"), ("mqtts://[2001:db8::1]:1", "mqtts://[2001:db8::1]:1"),
      ("mqtt://192.0.2.1", "mqtt://192.0.2.1:1883"), ("mqtt://my_broker.local", "mqtt://my_broker.local:1883"),
      ("unix:///run/m.sock", "unix:///run/m.sock"),
    ])
  func urls(text: String, meaning: String) throws {
    #expect(try BrokerURL.parse(text).description == meaning)
  }

  @Test("fingerprints with and without colons, in either case")
  func fingerprints() {
    let digest = [UInt8](0..<32)
    let pairs = digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
    #expect(Fingerprint.parse(pairs.joined()) == digest)
    #expect(Fingerprint.parse(pairs.joined(separator: ":").uppercased()) == digest)
  }

  @Test(
    "what is no fingerprint",
    arguments: [
      "", String(repeating: "a", count: 62), String(repeating: "a", count: 66), String(repeating: "g", count: 64),
      String(repeating: "+1", count: 32), "a:" + String(repeating: "aa:", count: 30) + "aaa",
    ])
  func noFingerprints(text: String) {
    #expect(Fingerprint.parse(text) == nil)
  }

  @Test("quoted text stays on one line and is short")
  func quoted() {
    #expect("\(Quoted("a\nb\t\u{1B}[31m"))" == #"“a\nb\t\u{1B}[31m”"#)
    #expect("\(Quoted(String(repeating: "x", count: 61)))" == "“\(String(repeating: "x", count: 60))…”")
  }
}
