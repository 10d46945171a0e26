import Testing

@Suite("Faults of [mqtt]")
struct MQTTSectionFaultTests {
  static let faults: [Fault] = [
    .file(
      "no mqtt",
      """
      [[account]]
      name = "home"
      jid = "bot@example.org"
      password = "x"
      """,
      says: #"1:1: [mqtt] is missing; write [mqtt] and url = "mqtt://127.0.0.1:1883""#),
    .broker(
      "no url", "",
      says: #"5:1: [mqtt] has no url; write url = "mqtt://127.0.0.1:1883""#),
    .broker(
      "url of another type", "url = 1883",
      says: #"6:7: mqtt.url is an integer; it must be a URL, such as url = "mqtt://127.0.0.1:1883""#),
    .broker(
      "url without scheme", #"url = "localhost:1883""#,
      says: #"6:7: mqtt.url is no URL; write url = "mqtt://127.0.0.1:1883""#),
    .broker(
      "tcp url", #"url = "tcp://h""#,
      says: "6:7: mqtt.url has the scheme tcp://; write mqtt://"),
    .broker(
      "ssl url", #"url = "ssl://h""#,
      says: "6:7: mqtt.url has no scheme for TLS that is known; write mqtts://"),
    .broker(
      "WebSocket url", #"url = "wss://h/mqtt""#,
      says: "6:7: mqtt.url is for WebSocket, which is not supported; use mqtt://, mqtts:// or unix://"),
    .broker(
      "url of an unknown scheme", #"url = "amqp://h""#,
      says: "6:7: mqtt.url has the unknown scheme “amqp”; use mqtt://, mqtts:// or unix://"),
    .broker(
      "url with user info", #"url = "mqtt://me:s3cret@h""#,
      says: "6:7: mqtt.url holds user info; leave it out and write username and password_file"),
    .broker(
      "url without host", #"url = "mqtt://:1883""#,
      says: #"6:7: mqtt.url has no host; write url = "mqtt://127.0.0.1:1883""#),
    .broker(
      "url with a path", #"url = "mqtt://h/topic""#,
      says: "6:7: mqtt.url goes on behind host and port; write mqtt://HOST:1883"),
    .broker(
      "url with a bad port", #"url = "mqtt://h:65536""#,
      says: "6:7: mqtt.url has the port “65536”; a port is a number from 1 to 65535"),
    .broker(
      "url with port zero", #"url = "mqtt://h:0""#,
      says: "6:7: mqtt.url has the port “0”; a port is a number from 1 to 65535"),
    .broker(
      "url with a signed port", #"url = "mqtt://h:+1""#,
      says: "6:7: mqtt.url has the port “+1”; a port is a number from 1 to 65535"),
    .broker(
      "url with a bad host", #"url = "mqtt://a b""#,
      says: #"6:7: mqtt.url has the host “a b”, which is no name or address; write url = "mqtt://127.0.0.1:1883""#),
    .broker(
      "url with a bare IPv6 address", #"url = "mqtt://::1:1883""#,
      says: "6:7: mqtt.url has an IPv6 address without brackets; write mqtt://[::1]:1883"),
    .broker(
      "url with an open bracket", #"url = "mqtt://[::1:1883""#,
      says: "6:7: mqtt.url has a [ without a ]; write mqtt://[::1]:1883"),
    .broker(
      "url with a bad address in brackets", #"url = "mqtt://[::g]:1883""#,
      says: "6:7: mqtt.url has no IPv6 address in its brackets; write mqtt://[::1]:1883"),
    .broker(
      "url with a relative socket path", #"url = "unix://run/mosquitto.sock""#,
      says: #"6:7: mqtt.url has no absolute path; write url = "unix:///run/mosquitto/mosquitto.sock""#),
    .broker(
      "url with a socket path that is too long",
      #"url = "unix:///\#(String(repeating: "x", count: 107))""#,
      says: "6:7: mqtt.url has a path of 108 bytes; a socket's path has at most 107"),
    .mqtt(
      "unknown protocol", #"protocol = "4""#,
      says: #"7:12: mqtt.protocol is “4”; it can be "5" or "3.1.1""#),
    .mqtt(
      "protocol of another type", "protocol = 5",
      says: #"7:12: mqtt.protocol is an integer; it must be a string, such as protocol = "5""#),
    .mqtt(
      "keepalive of another type", "keepalive = 60",
      says: #"7:13: mqtt.keepalive is an integer; it must be a duration, such as keepalive = "60s""#),
    .mqtt(
      "keepalive without a unit", #"keepalive = "60""#,
      says: """
        7:13: mqtt.keepalive is “60”, which is no duration; write "0" or a number with one of the units ms \
        s m h d, such as "10s"
        """),
    .mqtt(
      "keepalive with an unknown unit", #"keepalive = "60 s""#,
      says: """
        7:13: mqtt.keepalive is “60 s”, which is no duration; write "0" or a number with one of the units \
        ms s m h d, such as "10s"
        """),
    .mqtt(
      "negative keepalive", #"keepalive = "-5s""#,
      says: """
        7:13: mqtt.keepalive is “-5s”, which is no duration; write "0" or a number with one of the units ms \
        s m h d, such as "10s"
        """),
    .mqtt(
      "keepalive that is too short", #"keepalive = "4s""#,
      says: "7:13: mqtt.keepalive is “4s”; it can be 0 or from 5s to 65535s"),
    .mqtt(
      "keepalive that is too long", #"keepalive = "1d""#,
      says: "7:13: mqtt.keepalive is “1d”; it can be 0 or from 5s to 65535s"),
    .mqtt(
      "keepalive of a fraction", #"keepalive = "5500ms""#,
      says: "7:13: mqtt.keepalive is “5500ms”; MQTT knows whole seconds only"),
    .mqtt(
      "session expiry of zero", #"session_expiry = "0""#,
      says: "7:18: mqtt.session_expiry is “0”; it can be from 1s to 4294967295s"),
    .mqtt(
      "session expiry beyond 32 bits", #"session_expiry = "50000d""#,
      says: "7:18: mqtt.session_expiry is “50000d”; it can be from 1s to 4294967295s"),
    .mqtt(
      "duration beyond 64 bits", #"session_expiry = "9223372036854775807d""#,
      says: """
        7:18: mqtt.session_expiry is “9223372036854775807d”, which is no duration; write "0" or a number \
        with one of the units ms s m h d, such as "10s"
        """),
    .mqtt(
      "empty user name", #"username = """#,
      says: "7:12: mqtt.username is empty; give a user name"),
    .mqtt(
      "MQTT password without user", #"password = "x""#,
      says: #"7:1: [mqtt] has a password and no username; write username = "bridge" as well"#),
    .broker(
      "certificate without key",
      """
      url = "mqtts://h"
      client_cert = "ca.pem"
      """,
      says: "7:1: mqtt.client_cert without mqtt.client_key; give both"),
    .broker(
      "key without certificate",
      """
      url = "mqtts://h"
      client_key = "key.pem"
      """,
      says: "7:1: mqtt.client_key without mqtt.client_cert; give both"),
    .broker(
      "missing CA file",
      """
      url = "mqtts://h"
      ca_file = "none.pem"
      """,
      says: """
        7:11: mqtt.ca_file: none.pem cannot be read: No such file or directory; give the path of a readable \
        file
        """),
    .broker(
      "CA file that is no PEM",
      """
      url = "mqtts://h"
      ca_file = "secret"
      """,
      says: "7:11: mqtt.ca_file: secret holds no PEM block; it must be a PEM file"),
    .broker(
      "key that everybody can read",
      """
      url = "mqtts://h"
      client_cert = "ca.pem"
      client_key = "open-key.pem"
      """,
      says: "8:14: mqtt.client_key: every user has access to open-key.pem (mode 644); run chmod 600 open-key.pem"),
    .mqtt(
      "CA file without TLS", #"ca_file = "ca.pem""#,
      says: "7:1: warning: mqtt.ca_file has no effect on a link without TLS; write mqtts:// in url"),
  ]

  @Test("says what is wrong, where, and what would be right", arguments: faults)
  func says(fault: Fault) {
    #expect(fault.diagnostics == fault.says)
  }
}
