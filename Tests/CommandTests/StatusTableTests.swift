import Mapping
import Testing

@testable import xmpp_mqtt_bridge

@Suite("The table of status")
struct StatusTableTests {
  /// 2026-11-22T08:00:00.000Z
  private static let now: Int64 = 1_795_334_400_000

  private func table(_ json: String) throws -> String {
    StatusTable(try JSONValue(parsing: Array(json.utf8)), now: Self.now).description
  }

  private func cells(_ row: Int, _ json: String) throws -> [String] {
    try table(json).split(separator: "\n", omittingEmptySubsequences: false)[row].split(separator: " ").map(String.init)
  }

  @Test("shows the bridge and every account")
  func whole() throws {
    let json = #"""
      {"version":"0.1.0","started":"2026-11-20T04:00:00.000Z","uptime_s":187200,
       "broker":{"url":"mqtt://127.0.0.1:1883","state":"online","since":"2026-11-22T05:55:00.000Z","protocol":"5",
         "waiting":2,"dropped":0},
       "journal":{"messages":1234567,"bytes":99,"file_bytes":4321987,"transactions":40,"syncs":41,"failures":0},
       "accounts":[
         {"name":"home","jid":"bot@example.org/b","state":"online","since":"2026-11-22T07:59:15.000Z",
          "reason":"the server keeps no archive",
          "to_xmpp":{"crossed":1000,"waiting":3,"unacknowledged":2},
          "to_mqtt":{"crossed":999,"waiting":0,"unacknowledged":1},
          "sessions":1,"resumes":12,"catch_up":{"read":3000,"total":12345}},
         {"name":"away","jid":"far@example.org","state":"offline","since":"2026-11-22T07:56:55.000Z",
          "to_xmpp":{"crossed":0},"to_mqtt":{"crossed":0},"sessions":0,"resumes":0,"catch_up":{"read":7}}]}
      """#
    #expect(
      try table(json)
        == """
        BRIDGE  UP     BROKER                 STATE   FOR    MQTT  WAITING  JOURNAL    DISK     SYNCS  NOTE
        0.1.0   2d 4h  mqtt://127.0.0.1:1883  online  2h 5m  5     2        1,234,567  4.1 MiB  41

        ACCOUNT  JID                STATE    FOR    TO XMPP  WAITING  UNACKED  TO MQTT  WAITING  UNACKED  SESSIONS  RESUMES  NOTE
        home     bot@example.org/b  online   45s    1,000    3        2        999      0        1        1         12       the server keeps no archive; catching up: 3,000 of about 12,345
        away     far@example.org    offline  3m 5s  0        -        -        0        -        -        0         0        catching up: 7

        """)
  }

  @Test("shows a dash for what it is not told")
  func absent() throws {
    #expect(try cells(1, "{}") == Array(repeating: "-", count: 10))
    #expect(try cells(4, #"{"accounts":[{}]}"#) == Array(repeating: "-", count: 12))
    #expect(try cells(1, #"{"version":1,"uptime_s":"x","broker":[],"journal":{"file_bytes":-1}}"#)[0] == "-")
  }

  @Test("says why the broker is away and what the state file suffers from")
  func troubles() throws {
    let text = try table(
      #"{"broker":{"state":"offline","reason":"nobody listens"},"journal":{"reason":"the disk is full"}}"#)
    #expect(text.contains("  nobody listens; the disk is full\n"))
  }

  @Test(
    "writes sizes for people",
    arguments: [
      (0, "0 B"), (1_023, "1023 B"), (1_024, "1.0 KiB"), (10_239, "9.9 KiB"), (10_240, "10 KiB"),
      (1_048_575, "1023 KiB"), (1_048_576, "1.0 MiB"), (5 << 30, "5.0 GiB"), (5_000 << 30, "5000 GiB"),
      (Int64.max, "8589934591 GiB"),
    ])
  func sizes(bytes: Int64, text: String) throws {
    #expect(try table(#"{"journal":{"file_bytes":\#(bytes)}}"#).contains("  \(text)  "))
  }

  @Test("lets nobody speak to the terminal")
  func hostile() throws {
    let text = try table(#"{"accounts":[{"name":"a","reason":"\u001b[2J\nroot"}]}"#)
    #expect(text.hasSuffix(#"\u{1B}[2J\nroot"# + "\n"))
  }

  @Test("takes times in the future for now")
  func clockThatWasSet() throws {
    #expect(try cells(4, #"{"accounts":[{"since":"2027-01-01T00:00:00Z"}]}"#)[3] == "0s")
  }
}
