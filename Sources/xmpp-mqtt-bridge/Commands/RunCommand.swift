import ArgumentParser
import BridgeConfig
import Logging

/// `run`: the bridge itself.
struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Runs until SIGTERM or SIGINT, then leaves as on_exit says. This is the default.",
    discussion: "A second signal ends it at once. Logs go to standard error.")

  @OptionGroup var configuration: ConfigurationOption

  func run() async throws {
    let loaded = ConfigurationLoader.load(configuration.file)
    guard let bridge = loaded.configuration else {
      for diagnostic in loaded.diagnostics { StandardError.print(diagnostic.description) }
      return try ExitStatus.badConfiguration.end()
    }
    let log = BridgeLogHandler.logger(bridge.bridge)
    for warning in loaded.diagnostics { log.warning("\(warning.place): \(warning.message)") }
    try await runBridge(bridge, file: configuration.file, log: log).end()
  }
}

extension Diagnostic {
  /// `file:line:column`.
  var place: String { "\(file):\(line):\(column)" }
}
