import Testing

@Suite("Faults of the file as a whole")
struct ConfigurationFileFaultTests {
  static let faults: [Fault] = [
    .file(
      "empty file", "",
      says: #"1:1: [mqtt] is missing; write [mqtt] and url = "mqtt://127.0.0.1:1883""#,
      "1:1: no account; add [[account]] with name, jid and password_file"),
    .file(
      "syntax error",
      """
      [mqtt]
      url = mqtt://h
      """,
      says: "2:7: neither a number nor true or false; text stands in quotes"),
    .file(
      "unclosed string",
      """
      [mqtt]
      url = "mqtt://h
      """,
      says: #"2:7: the text is not closed on its line; end it with ""#),
    .mqtt(
      "key given twice", #"url = "mqtt://i""#,
      says: "7:1: “url” is there already; keep one of them"),
    .mqtt(
      "escaped zero", #"username = "a\u0000b""#,
      says: "7:14: an escape of what is no character; leave it out"),
    .behind(
      "unknown table", "[brigde]",
      says: #"7:2: the file has no key “brigde”; the nearest is "bridge""#),
    .mqtt(
      "unknown key", #"keepalve = "60s""#,
      says: #"7:1: [mqtt] has no key “keepalve”; the nearest is "keepalive""#),
    .behind(
      "unknown key that resembles none", "[http]\nbind_address = 1",
      says: "7:2: warning: [http] has no effect in this version",
      "8:1: [http] has no key “bind_address”; it has listen"),
    .behind(
      "unknown key of an account", #""pass word" = "x""#,
      says: #"7:1: [[account]] has no key “pass word”; the nearest is "password""#),
    .behind(
      "unknown key of an inline table", #"trust = { cafile = "ca.pem" }"#,
      says: #"7:11: [account.trust] has no key “cafile”; the nearest is "ca_file""#),
    .file(
      "section that is no table",
      """
      bridge = 5
      [mqtt]
      url = "mqtt://h"
      [[account]]
      name = "home"
      jid = "bot@example.org"
      password = "x"
      """,
      says: "1:10: bridge is an integer; it must be a table, such as [bridge]"),
    .behind(
      "section that is an array", "[[bridge]]",
      says: "7:1: bridge is an array; it must be a table, such as [bridge]"),
    .file(
      "account that is a table",
      """
      [mqtt]
      url = "mqtt://h"
      [account]
      name = "home"
      """,
      says: "3:1: account is a table; it must be an array of tables, such as [[account]]"),
    .file(
      "account that is no table",
      """
      account = ["home"]
      [mqtt]
      url = "mqtt://h"
      """,
      says: "1:12: an element of account is a string; it must be a table, such as [[account]]"),
  ]

  @Test("says what is wrong, where, and what would be right", arguments: faults)
  func says(fault: Fault) {
    #expect(fault.diagnostics == fault.says)
  }
}
