import Testing

@Suite("Faults of [delivery]")
struct DeliverySectionFaultTests {
  static let faults: [Fault] = [
    .behind(
      "hold above a quarter of the keepalive",
      """
      [delivery]
      hold = "16s"
      """,
      says: "8:8: delivery.hold is 16s, more than a quarter of mqtt.keepalive (1m); it can be up to 15s"),
    .behind(
      "hold of another type",
      """
      [delivery]
      hold = 2.5
      """,
      says: #"8:8: delivery.hold is a number with a fraction; it must be a duration, such as hold = "2s""#),
    .behind(
      "hold messages of zero",
      """
      [delivery]
      hold_messages = 0
      """,
      says: "8:17: delivery.hold_messages is 0; it can be from 1 to 65535"),
    .behind(
      "hold messages of another type",
      """
      [delivery]
      hold_messages = "16"
      """,
      says: "8:17: delivery.hold_messages is a string; it must be a whole number, such as hold_messages = 16"),
    .behind(
      "journal messages of zero",
      """
      [delivery]
      journal_max_messages = 0
      """,
      says: "8:24: delivery.journal_max_messages is 0; it can be from 1 to 1000000000"),
    .behind(
      "size without a unit",
      """
      [delivery]
      journal_max_bytes = "1000"
      """,
      says: """
        8:21: delivery.journal_max_bytes is “1000”, which is no size; write a number with one of the units \
        KiB MiB GiB, such as "256MiB"
        """),
    .behind(
      "size of another type",
      """
      [delivery]
      journal_max_bytes = 1000
      """,
      says: """
        8:21: delivery.journal_max_bytes is an integer; it must be a size, such as journal_max_bytes = \
        "256MiB"
        """),
    .behind(
      "size in a unit of ten",
      """
      [delivery]
      journal_max_bytes = "256MB"
      """,
      says: """
        8:21: delivery.journal_max_bytes is “256MB”, which is no size; write a number with one of the units \
        KiB MiB GiB, such as "256MiB"
        """),
    .behind(
      "size of zero",
      """
      [delivery]
      journal_max_bytes = "0KiB"
      """,
      says: "8:21: delivery.journal_max_bytes is zero; it must be larger"),
    .behind(
      "size beyond 64 bits",
      """
      [delivery]
      journal_max_bytes = "99999999999GiB"
      """,
      says: """
        8:21: delivery.journal_max_bytes is “99999999999GiB”, which is no size; write a number with one of \
        the units KiB MiB GiB, such as "256MiB"
        """),
    .behind(
      "expiry of zero",
      """
      [delivery]
      expire_after = "0"
      """,
      says: "8:16: delivery.expire_after is “0”; it can be from 1s to 36500d"),
  ]

  @Test("says what is wrong, where, and what would be right", arguments: faults)
  func says(fault: Fault) {
    #expect(fault.diagnostics == fault.says)
  }
}
