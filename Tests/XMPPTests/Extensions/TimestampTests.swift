import TestSupport
import Testing
import XMPP

@Suite struct TimestampTests {
  @Test(
    "milliseconds become RFC 3339 in UTC",
    arguments: [
      (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
      (1_795_334_400_000, "2026-11-22T08:00:00.000Z"),
      (951_782_399_999, "2000-02-28T23:59:59.999Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
      (951_868_800_000, "2000-03-01T00:00:00.000Z"), (-2_203_891_200_000, "1900-03-01T00:00:00.000Z"),
      (253_402_300_799_999, "9999-12-31T23:59:59.999Z"), (Int64.max, "9999-12-31T23:59:59.999Z"),
      (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"), (Int64.min, "0000-01-01T00:00:00.000Z"),
    ] as [(Int64, String)])
  func writes(milliseconds: Int64, text: String) {
    #expect(Timestamp.rfc3339(milliseconds) == text)
  }

  @Test(
    "XEP-0082 is read with offsets and fractions",
    arguments: [
      ("1970-01-01T00:00:00Z", 0), ("1969-12-31T19:00:00-05:00", 0), ("1970-01-01T05:30:00.5+05:30", 500),
      ("2026-11-22T09:00:00.123456789+01:00", 1_795_334_400_123), ("2026-11-22t08:00:00.1z", 1_795_334_400_100),
      ("2000-02-29T00:00:00Z", 951_782_400_000), ("2016-12-31T23:59:60Z", 1_483_228_799_000),
      ("2026-11-22T08:00:00.000000000000000000001Z", 1_795_334_400_000),
    ] as [(String, Int64)])
  func reads(text: String, milliseconds: Int64) {
    #expect(Timestamp.milliseconds(text) == milliseconds)
  }

  @Test(
    "what is no time is none",
    arguments: [
      "", "2026-11-22", "2026-11-22T08:00Z", "2026-11-22T08:00:00", "2026-11-22T08:00:00.Z", "2026-11-22T08:00:00+1:00",
      "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
      "2026-04-31T00:00:00Z", "2026-11-00T00:00:00Z", "2026-11-22T24:00:00Z", "2026-11-22T08:60:00Z",
      "2026-11-22T08:00:61Z", "2026-11-22T08:00:00+24:00", "2026-11-22T08:00:00Zx", " 2026-11-22T08:00:00Z",
      "20261122T08:00:00", "2026-11-22 08:00:00Z", "-026-11-22T08:00:00Z", "2026-11-22T08:00:00+01:60",
      "٢٠٢٦-11-22T08:00:00Z",
    ])
  func refuses(text: String) {
    #expect(Timestamp.milliseconds(text) == nil)
  }

  @Test("every time is written and read back", arguments: 0..<4)
  func roundTrip(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<5000 {
      let time = Int64.random(in: -62_167_219_200_000...253_402_300_799_999, using: &generator)
      try #require(Timestamp.milliseconds(Timestamp.rfc3339(time)) == time)
    }
  }

  @Test("days follow upon each other")
  func calendar() {
    let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    var time: Int64 = -2_208_988_800_000  // 1900-01-01
    for year in 1900..<2110 {
      for month in 1...12 {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        for day in 1...(lengths[month - 1] + (month == 2 && isLeap ? 1 : 0)) {
          let text = Timestamp.rfc3339(time).prefix(10)
          if text != "\(year)-\(month < 10 ? "0" : "")\(month)-\(day < 10 ? "0" : "")\(day)" {
            Issue.record("\(text) should be \(year)-\(month)-\(day)")
          }
          time += 86_400_000
        }
      }
    }
  }
}
