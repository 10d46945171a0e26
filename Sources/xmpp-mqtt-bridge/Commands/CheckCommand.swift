import ArgumentParser
import BridgeConfig

/// `check`: what is wrong with a configuration, and what the servers offer.
struct CheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Reads the whole configuration and prints every fault with its line and column.",
    discussion: """
      With --connect it also connects to the broker, logs in to every account, and prints what each server offers. \
      Exits with 78 if the configuration has a fault, 69 if a server cannot be reached, 1 if one refuses the login.
      """)

  @OptionGroup var configuration: ConfigurationOption

  @Flag(help: "Log in everywhere and show what each server offers.")
  var connect = false

  func run() async throws {
    let result = ConfigurationCheck(ConfigurationLoader.load(configuration.file), file: configuration.file)
    for fault in result.faults { StandardError.print(fault) }
    guard let bridge = result.configuration else { return try ExitStatus.badConfiguration.end() }
    print(result.summary)
    guard connect else { return }
    let probe = await ConnectionReport(of: bridge, by: LiveProbe())
    print(probe.table, terminator: "")
    for failure in probe.failures { StandardError.print(failure) }
    try probe.status.end()
  }
}

/// What `check` says about a file.
struct ConfigurationCheck {
  /// The configuration, if the bridge could start with it.
  let configuration: BridgeConfiguration?
  /// A line for everything there is to say about the file.
  let faults: [String]
  /// One line for a file without errors.
  let summary: String

  init(_ loaded: LoadedConfiguration, file: String) {
    configuration = loaded.configuration
    faults = loaded.diagnostics.map(\.description)
    let accounts = Self.counted(loaded.configuration?.accounts.count ?? 0, "account")
    let warnings = faults.isEmpty ? "" : ", \(Self.counted(faults.count, "warning"))"
    summary = "\(file): fine, \(accounts)\(warnings)"
  }

  private static func counted(_ count: Int, _ noun: String) -> String {
    "\(count) \(noun)\(count == 1 ? "" : "s")"
  }
}
