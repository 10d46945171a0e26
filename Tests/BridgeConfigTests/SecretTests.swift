import BridgeConfig
import Testing

@Suite("Secrets and paths")
struct SecretTests {
  private func password(
    _ key: String, file: String = "bridge.conf", files: [String: String] = [:], variables: [String: String] = [:],
    permissions: UInt32 = 0o600
  ) -> String? {
    let environment = Sample.environment(
      files.mapValues { Sample.file($0, permissions) }, variables: variables)
    let text = Sample.broker + "[[account]]\nname = \"home\"\njid = \"bot@example.org\"\n" + key
    let secret = Sample.load(text, file: file, environment).configuration?.accounts.first?.password
    return secret.map { String(decoding: $0.bytes, as: UTF8.self) }
  }

  @Test("a secret is written out, in a file, or in an environment variable")
  func threeWays() {
    #expect(password(#"password = "p w""#) == "p w")
    #expect(password(#"password_file = "f""#, files: ["f": "p w"]) == "p w")
    #expect(password(#"password_env = "V""#, variables: ["V": "p w"]) == "p w")
  }

  @Test("one newline at its end is dropped, and nothing else")
  func newline() {
    #expect(password(#"password_file = "f""#, files: ["f": " x \n"]) == " x ")
    #expect(password(#"password_file = "f""#, files: ["f": "x\r\n"]) == "x")
    #expect(password(#"password_file = "f""#, files: ["f": "x\n\n"]) == "x\n")
    #expect(password(#"password_env = "V""#, variables: ["V": "x\n"]) == "x")
    #expect(password("password = '''\nx\n'''") == "x")
  }

  @Test("a relative file is beside the configuration, or a credential of the service")
  func secretPath() {
    let key = #"password_file = "f""#
    #expect(password(key, file: "/etc/bridge/b.conf", files: ["/etc/bridge/f": "x"]) == "x")
    #expect(password(key, file: "conf/b.conf", files: ["conf/f": "x"]) == "x")
    #expect(
      password(
        key, file: "/etc/bridge/b.conf", files: ["/etc/bridge/f": "x", "/run/credentials/f": "y"],
        variables: ["CREDENTIALS_DIRECTORY": "/run/credentials"]) == "y")
    #expect(
      password(
        #"password_file = "/f""#, files: ["/f": "x"], variables: ["CREDENTIALS_DIRECTORY": "/run/credentials"]) == "x")
  }

  @Test(
    "a file is a secret only while not every user has access to it",
    arguments: [0o600, 0o640, 0o400, 0o700] as [UInt32])
  func closedFile(permissions: UInt32) {
    #expect(password(#"password_file = "f""#, files: ["f": "x"], permissions: permissions) == "x")
  }

  @Test("one bit for others is one too many", arguments: [0o604, 0o602, 0o601, 0o644, 0o666, 0o777] as [UInt32])
  func openFile(permissions: UInt32) {
    #expect(password(#"password_file = "f""#, files: ["f": "x"], permissions: permissions) == nil)
  }

  @Test("no description of a secret shows it, nor how long it is")
  func printing() {
    let loaded = Sample.load(Sample.broker + Sample.account.replacing("\"x\"", with: "\"hunter2\""))
    var dumped = ""
    dump(loaded, to: &dumped)
    let shown = ["\(loaded)", String(reflecting: loaded), String(describing: loaded.configuration), dumped]
    for text in shown { #expect(!text.contains("hunter2") && !text.contains("104")) }
    #expect("\(Secret(Array("hunter2".utf8)))" == "•••")
    #expect(String(reflecting: Secret([])) == "•••")
  }

  @Test(
    "no message about a password shows it",
    arguments: [
      "password = 1234", "password = [\"1234\"]", "password = 1234.5", "password = \"1234\"\npassword_file = \"f\"",
      "passwort = \"1234\"", "password = 1234x",
    ])
  func messages(keys: String) {
    let text = Sample.broker + "[[account]]\nname = \"home\"\njid = \"bot@example.org\"\n" + keys
    let loaded = Sample.load(text)
    #expect(loaded.configuration == nil)
    #expect(!loaded.diagnostics.contains { $0.message.contains("1234") })
  }

  @Test("the state file is beside the configuration, or in the service's state folder")
  func statePath() {
    func state(_ text: String, file: String, _ variables: [String: String] = [:]) -> String? {
      Sample.load(text + Sample.broker + Sample.account, file: file, Sample.environment(variables: variables))
        .configuration?.bridge.stateFile
    }
    #expect(state("", file: "/etc/b.conf") == "/etc/state/bridge.sqlite")
    #expect(state("", file: "b.conf") == "state/bridge.sqlite")
    #expect(state("", file: "b.conf", ["STATE_DIRECTORY": "/var/lib/b"]) == "/var/lib/b/state/bridge.sqlite")
    #expect(state("bridge.state = 's'\n", file: "b.conf", ["STATE_DIRECTORY": "/var/lib/b:/x"]) == "/var/lib/b/s")
    #expect(state("bridge.state = '/s'\n", file: "/etc/b.conf", ["STATE_DIRECTORY": "/var/lib/b"]) == "/s")
  }
}
