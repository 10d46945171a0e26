import Testing

@Suite("Faults of [bridge]")
struct BridgeSectionFaultTests {
  static let faults: [Fault] = [
    .behind(
      "bridge name of another type",
      """
      [bridge]
      name = 5
      """,
      says: #"8:8: bridge.name is an integer; it must be a string, such as name = "bridge""#),
    .behind(
      "bridge name with a slash",
      """
      [bridge]
      name = "a/b"
      """,
      says: """
        8:8: bridge.name is not usable: “a/b” must not contain “/”; a name is of letters A-Z a-z, digits, _ \
        and -
        """),
    .behind(
      "empty bridge name",
      """
      [bridge]
      name = ""
      """,
      says: "8:8: bridge.name is empty; a name is of letters A-Z a-z, digits, _ and -"),
    .behind(
      "prefix with a wildcard",
      """
      [bridge]
      topic_prefix = "a/+/b"
      """,
      says: """
        8:16: bridge.topic_prefix is not usable: “a/+/b” must not contain “+”; write one like "xmpp" or \
        "site/xmpp"
        """),
    .behind(
      "prefix with a dollar",
      """
      [bridge]
      topic_prefix = "$SYS"
      """,
      says: """
        8:16: bridge.topic_prefix is not usable: “$SYS” must not contain “$”; write one like "xmpp" or \
        "site/xmpp"
        """),
    .behind(
      "prefix with a slash at its end",
      """
      [bridge]
      topic_prefix = "xmpp/"
      """,
      says: """
        8:16: bridge.topic_prefix is not usable: a level of the topic is empty; write one like "xmpp" or \
        "site/xmpp"
        """),
    .behind(
      "empty prefix",
      """
      [bridge]
      topic_prefix = ""
      """,
      says: #"8:16: bridge.topic_prefix is empty; write one like "xmpp" or "site/xmpp""#),
    .behind(
      "empty state path",
      """
      [bridge]
      state = ""
      """,
      says: "8:9: bridge.state is empty; give a path"),
    .behind(
      "unknown log level",
      """
      [bridge]
      log_level = "verbose"
      """,
      says: """
        8:13: bridge.log_level is “verbose”; it can be "trace", "debug", "info", "notice", "warning" or \
        "error"
        """),
    .behind(
      "log level of another type",
      """
      [bridge]
      log_level = true
      """,
      says: #"8:13: bridge.log_level is a boolean; it must be a string, such as log_level = "info""#),
    .behind(
      "unknown log format",
      """
      [bridge]
      log_format = "JSON"
      """,
      says: #"8:14: bridge.log_format is “JSON”; it can be "text" or "json""#),
    .behind(
      "unknown way to exit",
      """
      [bridge]
      on_exit = "stay"
      """,
      says: #"8:11: bridge.on_exit is “stay”; it can be "logout" or "park""#),
  ]

  @Test("says what is wrong, where, and what would be right", arguments: faults)
  func says(fault: Fault) {
    #expect(fault.diagnostics == fault.says)
  }
}
