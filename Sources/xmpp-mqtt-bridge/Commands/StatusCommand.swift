import ArgumentParser
import BridgeConfig

/// `status`: how the running bridge does.
struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Shows the running bridge's sessions, counters and queues.",
    discussion: """
      Asks the bridge that runs with the state file of this configuration, over the socket beside that file. Exits with \
      69 if there is none.
      """)

  @OptionGroup var configuration: ConfigurationOption

  @Flag(help: "Print one JSON object instead of tables.")
  var json = false

  func run() throws {
    let inquiry = StatusInquiry(ConfigurationLoader.load(configuration.file), asJSON: json) {
      path, request throws(ControlFailure) in try ControlClient(path: path).answer(to: request)
    }
    for fault in inquiry.faults { StandardError.print(fault) }
    print(inquiry.output, terminator: "")
    try inquiry.status.end()
  }
}
