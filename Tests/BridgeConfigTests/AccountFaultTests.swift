import Testing

@Suite("Faults of [[account]]")
struct AccountFaultTests {
  static let faults: [Fault] = [
    .file(
      "no account",
      """
      [mqtt]
      url = "mqtt://h"
      """,
      says: "1:1: no account; add [[account]] with name, jid and password_file"),
    .account(
      "empty account", "",
      says: #"3:1: [[account]] has no jid; write jid = "bot@example.org""#,
      #"3:1: [[account]] has no name; write name = "home""#,
      """
      3:1: [[account]] has no password; write password_file = "secrets/home" (or password, password_env, \
      or client_cert)
      """),
    .account(
      "account without name",
      """
      jid = "bot@example.org"
      password = "x"
      """,
      says: #"3:1: [[account]] has no name; write name = "home""#),
    .account(
      "account without jid",
      """
      name = "home"
      password = "x"
      """,
      says: #"3:1: [[account]] has no jid; write jid = "bot@example.org""#),
    .account(
      "account without password",
      """
      name = "home"
      jid = "bot@example.org"
      """,
      says: """
        3:1: [[account]] has no password; write password_file = "secrets/home" (or password, password_env, \
        or client_cert)
        """),
    .account(
      "account name with a slash",
      """
      name = "a/b"
      jid = "bot@example.org"
      password = "x"
      """,
      says: """
        4:8: account.name is not usable: “a/b” must not contain “/”; a name is of letters A-Z a-z, digits, \
        _ and -
        """),
    .account(
      "reserved account name",
      """
      name = "bridge"
      jid = "bot@example.org"
      password = "x"
      """,
      says: "4:8: account.name is not usable: “bridge” is a word of the topic tree; choose another"),
    .account(
      "account name of another type",
      """
      name = ["a"]
      jid = "bot@example.org"
      password = "x"
      """,
      says: #"4:8: account.name is an array; it must be a string, such as name = "home""#),
    .behind(
      "account name taken",
      """
      [[account]]
      name = "home"
      jid = "b@example.org"
      password = "x"
      """,
      says: "8:8: account.name “home” is taken by another account; choose another name"),
    .behind(
      "full JID taken",
      """
      [[account]]
      name = "a"
      jid = "b@example.org/x"
      password = "x"
      [[account]]
      name = "b"
      jid = "B@example.org/x"
      password = "x"
      """,
      says: "13:7: account.jid “b@example.org/x” is logged in by another account; give it another resource"),
    .account(
      "jid that is none",
      """
      name = "home"
      jid = "bot@@example.org"
      password = "x"
      """,
      says: """
        5:7: account.jid is “bot@@example.org”, which is no JID: the domainpart must not contain U+0040 \
        COMMERCIAL AT; write one like "bot@example.org"
        """),
    .account(
      "jid without localpart",
      """
      name = "home"
      jid = "example.org"
      password = "x"
      """,
      says: #"5:7: account.jid is “example.org”, which is a domain; an account is written like "bot@example.org""#),
    .account(
      "jid of another type",
      """
      name = "home"
      jid = 1979-05-27
      password = "x"
      """,
      says: #"5:7: account.jid is a date or time; it must be a JID, such as jid = "bot@example.org""#),
    .behind(
      "password twice", #"password_file = "secret""#,
      says: "7:1: account.password_file besides account.password; keep one of them"),
    .behind(
      "password three times",
      """
      password_env = "SET"
      password_file = "secret"
      """,
      says: "7:1: account.password_env besides account.password; keep one of them",
      "8:1: account.password_file besides account.password; keep one of them"),
    .account(
      "password of another type",
      """
      name = "home"
      jid = "bot@example.org"
      password = 1234
      """,
      says: #"6:12: account.password is an integer; it must be a string, such as password = "…""#),
    .account(
      "empty password",
      """
      name = "home"
      jid = "bot@example.org"
      password = ""
      """,
      says: "6:12: account.password is empty; a secret has at least one character"),
    .account(
      "missing secret file",
      """
      name = "home"
      jid = "bot@example.org"
      password_file = "none"
      """,
      says: """
        6:17: account.password_file: none cannot be read: No such file or directory; give the path of a \
        readable file
        """),
    .account(
      "secret file that everybody can read",
      """
      name = "home"
      jid = "bot@example.org"
      password_file = "open"
      """,
      says: "6:17: account.password_file: every user has access to open (mode 644); run chmod 600 open"),
    .account(
      "empty secret file",
      """
      name = "home"
      jid = "bot@example.org"
      password_file = "empty"
      """,
      says: "6:17: account.password_file: empty is empty; a secret has at least one character"),
    .account(
      "variable that is not set",
      """
      name = "home"
      jid = "bot@example.org"
      password_env = "UNSET"
      """,
      says: "6:16: account.password_env: the environment variable “UNSET” is not set; set it, or use password_file"),
    .account(
      "empty variable",
      """
      name = "home"
      jid = "bot@example.org"
      password_env = "EMPTY"
      """,
      says: """
        6:16: account.password_env: the environment variable EMPTY is empty; a secret has at least one \
        character
        """),
    .behind(
      "client key without certificate", #"client_key = "key.pem""#,
      says: "7:1: account.client_key without account.client_cert; give both"),
    .behind(
      "host with a port", #"host = "example.org:5222""#,
      says: """
        7:8: account.host is “example.org:5222”, which is no host name or address; a port is written as \
        port = 5222
        """),
    .behind(
      "host with a space", #"host = "a b""#,
      says: #"7:8: account.host is “a b”, which is no host name or address; write host = "xmpp.example.org""#),
    .behind(
      "port zero", "port = 0",
      says: "7:8: account.port is 0; it can be from 1 to 65535"),
    .behind(
      "port of another type", #"port = "5222""#,
      says: "7:8: account.port is a string; it must be a whole number, such as port = 5222"),
    .behind(
      "unknown TLS mode", #"tls = "on""#,
      says: #"7:7: account.tls is “on”; it can be "starttls", "direct" or "none""#),
    .behind(
      "no TLS to another machine", #"tls = "none""#,
      says: """
        7:7: account.tls is "none", which is for this machine only, and “example.org” is not loopback; use \
        "starttls" or "direct"
        """),
    .behind(
      "no TLS to another host",
      """
      host = "192.0.2.1"
      tls = "none"
      """,
      says: """
        8:7: account.tls is "none", which is for this machine only, and “192.0.2.1” is not loopback; use \
        "starttls" or "direct"
        """),
    .behind(
      "trust of another type", #"trust = "ca.pem""#,
      says: "7:9: account.trust is a string; it must be a table, such as trust = { … }"),
    .behind(
      "pin that is too short", #"trust = { pin_sha256 = ["ab:cd"] }"#,
      says: """
        7:25: an element of account.trust.pin_sha256 is “ab:cd”; a SHA-256 is 64 hexadecimal digits, as \
        `openssl x509 -noout -fingerprint -sha256` prints them
        """),
    .behind(
      "pins of another type", #"trust = { pin_sha256 = "ab" }"#,
      says: #"7:24: account.trust.pin_sha256 is a string; it must be an array, such as pin_sha256 = ["AB:CD:…"]"#),
    .behind(
      "pin of another type", "trust = { pin_sha256 = [1] }",
      says: """
        7:25: an element of account.trust.pin_sha256 is an integer; it must be a string, such as pin_sha256 \
        = ["AB:CD:…"]
        """),
    .behind(
      "account keepalive of zero", #"keepalive = "0""#,
      says: "7:13: account.keepalive is “0”; it can be from 1s to 1d"),
    .behind(
      "unknown status", #"status = "none""#,
      says: #"7:10: account.status is “none”; it can be "all", "asked" or "failed""#),
    .behind(
      "unknown binary mode", #"binary = "hex""#,
      says: #"7:10: account.binary is “hex”; it can be "upload", "base64" or "drop""#),
    .behind(
      "binary upload", #"binary = "upload""#,
      says: #"7:10: warning: account.binary "upload" has no effect in this version: "base64" is used"#),
    .account(
      "trust without TLS",
      """
      name = "home"
      jid = "bot@localhost"
      password = "x"
      tls = "none"
      trust = { ca_file = "ca.pem" }
      """,
      says: "8:1: warning: account.trust has no effect on a link without TLS"),
  ]

  @Test("says what is wrong, where, and what would be right", arguments: faults)
  func says(fault: Fault) {
    #expect(fault.diagnostics == fault.says)
  }
}
