import BridgeConfig
import Platform
import Testing

@Suite("The environment of the process")
struct ConfigurationEnvironmentTests {
  private let environment = ConfigurationEnvironment.process

  @Test("reads a file whole, with its permissions")
  func file() throws {
    let file = try environment.file(#filePath)
    #expect(String(decoding: file.bytes, as: UTF8.self).contains("reads a file whole"))
    #expect(file.permissions & 0o400 != 0)
  }

  @Test(
    "tells why a file cannot be read",
    arguments: [("/none/at/all", SystemError(call: "open", code: 2)), ("/", SystemError(call: "read", code: 21))])
  func failures(path: String, error: SystemError) {
    #expect(throws: error) { try environment.file(path) }
  }

  @Test("gives up on a device that never ends")
  func endless() {
    #expect(throws: SystemError(call: "read", code: 27)) { try environment.file("/dev/zero") }
  }

  @Test("knows the variables that are set")
  func variables() {
    #expect(environment.variable("PATH")?.isEmpty == false)
    #expect(environment.variable("A_VARIABLE_THAT_NOBODY_SETS") == nil)
  }
}
