import Testing

@Suite("Settings without effect")
struct InactiveSettingsFaultTests {
  static let faults: [Fault] = [
    .behind(
      "http",
      """
      [http]
      listen = ""
      """,
      says: "7:2: warning: [http] has no effect in this version"),
    .behind(
      "archive",
      """
      [archive]
      keep = "0"
      """,
      says: "7:2: warning: [archive] has no effect in this version"),
    .behind(
      "home_assistant",
      """
      [home_assistant]
      discovery_prefix = "homeassistant"
      """,
      says: "7:2: warning: [home_assistant] has no effect in this version"),
    .behind(
      "component",
      """
      [[component]]
      name = "things"
      port = 5347
      allow = ["example.org"]
      secret_file = "s"
      """,
      says: "7:3: warning: [[component]] has no effect in this version"),
    .behind(
      "route",
      """
      [[route]]
      name = "r"
      qos = 1
      retain = false
      to = ["a@b"]
      """,
      says: "7:3: warning: [[route]] has no effect in this version"),
    .behind(
      "routes",
      """
      [[route]]
      name = "r"
      [[route]]
      name = "s"
      """,
      says: "7:3: warning: [[route]] has no effect in this version"),
    .behind(
      "pubsub", #"pubsub = [{ jid = "a", node = "b" }]"#,
      says: "7:1: warning: account.pubsub has no effect in this version"),
    .behind(
      "requests", #"requests = ["history"]"#,
      says: "7:1: warning: account.requests has no effect in this version"),
    .behind(
      "publish_presence", "publish_presence = true",
      says: "7:1: warning: account.publish_presence has no effect in this version"),
    .behind(
      "presence", #"presence = { show = "chat", status = "x" }"#,
      says: "7:1: warning: account.presence has no effect in this version"),
    .file(
      "section without effect that is no table",
      """
      http = 1
      [mqtt]
      url = "mqtt://h"
      [[account]]
      name = "home"
      jid = "bot@example.org"
      password = "x"
      """,
      says: "1:1: warning: [http] has no effect in this version",
      "1:8: http is an integer; it must be a table, such as [http]"),
    .behind(
      "unknown key of a section without effect",
      """
      [http]
      lisen = "x"
      """,
      says: "7:2: warning: [http] has no effect in this version",
      #"8:1: [http] has no key “lisen”; the nearest is "listen""#),
    .behind(
      "wrong type in a section without effect",
      """
      [[route]]
      qos = "1"
      """,
      says: "7:3: warning: [[route]] has no effect in this version",
      "8:7: route.qos is a string; it must be a whole number, such as qos = 1"),
    .behind(
      "wrong type in pubsub", #"pubsub = ["a@b"]"#,
      says: "7:1: warning: account.pubsub has no effect in this version",
      "7:11: an element of account.pubsub is a string; it must be a table, such as pubsub = [{ … }]"),
    .behind(
      "wrong element of requests", "requests = [1]",
      says: "7:1: warning: account.requests has no effect in this version",
      #"7:13: an element of account.requests is an integer; it must be a string, such as requests = ["…"]"#),
  ]

  @Test("says what is wrong, where, and what would be right", arguments: faults)
  func says(fault: Fault) {
    #expect(fault.diagnostics == fault.says)
  }
}
