import BridgeConfig
import Platform
import Testing

@testable import xmpp_mqtt_bridge

@Suite("check says")
struct ConfigurationCheckTests {
  private func check(_ text: String) -> ConfigurationCheck {
    let environment = ConfigurationEnvironment(
      variable: { _ in nil },
      file: { path throws(SystemError) in
        guard path == "b.conf" else { throw SystemError(call: "open", code: 2) }
        return ConfigurationEnvironment.File(bytes: Array(text.utf8), permissions: 0o600)
      })
    return ConfigurationCheck(ConfigurationLoader.load("b.conf", environment: environment), file: "b.conf")
  }

  private let good = """
    [mqtt]
    url = "mqtt://127.0.0.1"
    [[account]]
    name = "home"
    jid = "bot@localhost"
    password = "x"

    """

  @Test("that a good file is fine")
  func fine() {
    let result = check(good)
    #expect(result.configuration != nil)
    #expect(result.faults.isEmpty)
    #expect(result.summary == "b.conf: fine, 1 account")
  }

  @Test("how many warnings there are")
  func warnings() {
    let result = check(
      good + "publish_presence = true\n[http]\n[[account]]\nname = \"b\"\njid = \"c@d\"\npassword = \"e\"\n")
    #expect(result.configuration != nil)
    #expect(
      result.faults == [
        "b.conf:7:1: warning: account.publish_presence has no effect in this version",
        "b.conf:8:2: warning: [http] has no effect in this version",
      ])
    #expect(result.summary == "b.conf: fine, 2 accounts, 2 warnings")
  }

  @Test("every fault")
  func faults() {
    let result = check("[mqtt]\nurl = 1\n[[account]]\nname = \"home\"\njid = \"c@d\"\npassword_file = \"none\"\n")
    #expect(result.configuration == nil)
    #expect(
      result.faults == [
        "b.conf:2:7: mqtt.url is an integer; it must be a URL, such as url = \"mqtt://127.0.0.1:1883\"",
        """
        b.conf:6:17: account.password_file: none cannot be read: No such file or directory; give the path of a \
        readable file
        """,
      ])
  }
}
