import BridgeConfig
import Testing
import XMPP

@Suite("rooms")
struct RoomReadingTests {
  static let faults: [Fault] = [
    .behind(
      "rooms of another type", #"rooms = "ops@conference.example.org""#,
      says: "7:9: account.rooms is a string; it must be an array of tables, such as rooms = [{ … }]"),
    .behind(
      "room of another type", #"rooms = ["ops@conference.example.org"]"#,
      says: "7:10: an element of account.rooms is a string; it must be a table, such as rooms = [{ … }]"),
    .behind(
      "room without jid", #"rooms = [{ nick = "bridge" }]"#,
      says: #"7:10: [[account.rooms]] has no jid; write jid = "ops@conference.example.org""#),
    .behind(
      "room that is no JID", #"rooms = [{ jid = "ops@" }]"#,
      says: """
        7:18: account.rooms.jid is “ops@”, which is no JID: the domain, or a label of it, is missing; write one like \
        "ops@conference.example.org"
        """),
    .behind(
      "room of another kind", "rooms = [{ jid = 1 }]",
      says: #"7:18: account.rooms.jid is an integer; it must be a JID, such as jid = "ops@conference.example.org""#),
    .behind(
      "service instead of a room", #"rooms = [{ jid = "conference.example.org" }]"#,
      says: """
        7:18: account.rooms.jid is “conference.example.org”, which is a domain; a room is written like \
        "ops@conference.example.org"
        """),
    .behind(
      "occupant instead of a room", #"rooms = [{ jid = "Ops@conference.example.org/bridge" }]"#,
      says: """
        7:18: account.rooms.jid is “Ops@conference.example.org/bridge”, which has a resource; write \
        jid = "ops@conference.example.org", and our name in the room as nick = "…"
        """),
    .behind(
      "room twice",
      """
      rooms = [
        { jid = "ops@conference.example.org" },
        { jid = "Ops@conference.example.org", nick = "another" },
      ]
      """,
      says: "9:11: account.rooms.jid “ops@conference.example.org” is there already; keep one of them"),
    .behind(
      "empty nick", #"rooms = [{ jid = "a@b", nick = "" }]"#,
      says: "7:32: account.rooms.nick is empty; give a nickname"),
    .behind(
      "nick that is no resource", #"rooms = [{ jid = "a@b", nick = "a\tb" }]"#,
      says: """
        7:32: account.rooms.nick is “a\\tb”, which is no nickname: the resourcepart must not contain U+0009; \
        write one like "bridge"
        """),
    .behind(
      "nick of another type", #"rooms = [{ jid = "a@b", nick = true }]"#,
      says: #"7:32: account.rooms.nick is a boolean; it must be a nickname, such as nick = "bridge""#),
    .behind(
      "two passwords", #"rooms = [{ jid = "a@b", password = "x", password_file = "secret" }]"#,
      says: "7:41: account.rooms.password_file besides account.rooms.password; keep one of them"),
    .behind(
      "empty room password", #"rooms = [{ jid = "a@b", password = "" }]"#,
      says: "7:36: account.rooms.password is empty; a secret has at least one character"),
    .behind(
      "missing file of a room's password", #"rooms = [{ jid = "a@b", password_file = "none" }]"#,
      says: """
        7:41: account.rooms.password_file: none cannot be read: No such file or directory; give the path of a readable \
        file
        """),
    .behind(
      "room password with a control character", #"rooms = [{ jid = "a@b", password = "a\u0001" }]"#,
      says: """
        7:25: the password of [[account.rooms]] has characters that XMPP cannot carry; it must be UTF-8 text without \
        control characters
        """),
    .behind(
      "unknown key of a room", #"rooms = [{ jid = "a@b", nik = "x" }]"#,
      says: #"7:25: [[account.rooms]] has no key “nik”; the nearest is "nick""#),
    .account(
      "room of an account without jid",
      """
      name = "home"
      password = "x"
      rooms = [{ jid = "a@b" }, { jid = "b" }]
      """,
      says: #"3:1: [[account]] has no jid; write jid = "bot@example.org""#,
      #"6:35: account.rooms.jid is “b”, which is a domain; a room is written like "ops@b""#),
  ]

  @Test("says what is wrong, where, and what would be right", arguments: faults)
  func says(fault: Fault) {
    #expect(fault.diagnostics == fault.says)
  }

  private func rooms(_ text: String, jid: String = "bot@example.org") throws -> [RoomConfiguration] {
    let account = "[[account]]\nname = \"home\"\njid = \"\(jid)\"\npassword = \"x\"\n"
    let loaded = Sample.load(Sample.broker + account + text)
    #expect(loaded.diagnostics.isEmpty)
    return try #require(loaded.configuration?.accounts.first?.rooms)
  }

  @Test("an account is in no room unless told so")
  func none() throws {
    #expect(try rooms("") == [])
    #expect(try rooms("rooms = []") == [])
  }

  @Test("a nickname that is not given is the account's localpart")
  func defaultNick() throws {
    let room = try JID("ops@conference.example.org")
    #expect(
      try rooms(#"rooms = [{ jid = "Ops@conference.example.org" }]"#, jid: "Bot@example.org/house")
        == [RoomConfiguration(jid: room, nick: "bot")])
  }

  @Test("rooms keep the order of the file; nicknames are normalised, and keep their case")
  func several() throws {
    let found = try rooms(
      """
      [[account.rooms]]
      jid = "b@conference.example.org"
      nick = "Büro\u{3000}1"
      password = " x<y "
      [[account.rooms]]
      jid = "a@conference.example.org"
      password_env = "SET"
      """)
    #expect(
      found == [
        RoomConfiguration(
          jid: try JID("b@conference.example.org"), nick: "Büro 1", password: Secret(Array(" x<y ".utf8))),
        RoomConfiguration(
          jid: try JID("a@conference.example.org"), nick: "bot", password: Secret(Array("s3cret".utf8))),
      ])
  }

  @Test("two accounts may be in the same room")
  func shared() throws {
    let loaded = Sample.load(
      Sample.broker + Sample.account + """
        rooms = [{ jid = "a@b" }]
        [[account]]
        name = "office"
        jid = "office@example.org"
        password = "x"
        rooms = [{ jid = "a@b" }]
        """)
    #expect(loaded.diagnostics.isEmpty)
    #expect(loaded.configuration?.accounts.map { $0.rooms.map(\.nick) } == [["bot"], ["office"]])
  }

  @Test("a password does not show")
  func hidden() throws {
    let room = RoomConfiguration(jid: try JID("a@b"), nick: "n", password: Secret(Array("s3cret".utf8)))
    #expect(!"\(room)".contains("s3cret"))
  }
}
