import ArgumentParser
import BridgeConfig

/// `xmpp-mqtt-bridge`: what can be called, and nothing of what it does.
struct BridgeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "xmpp-mqtt-bridge",
    abstract: "Bridges XMPP accounts and an MQTT broker without losing a message.",
    discussion: """
      Exit codes: 0 fine, 1 ran but failed, 64 wrong usage, 69 a server is unreachable or no bridge runs, 78 the \
      configuration has a fault.
      """,
    version: "xmpp-mqtt-bridge \(BridgeVersion.current)",
    subcommands: [RunCommand.self, CheckCommand.self, StatusCommand.self, TopicCommand.self],
    defaultSubcommand: RunCommand.self)
}

/// Which configuration is meant.
struct ConfigurationOption: ParsableArguments {
  @Option(
    name: [.customShort("c"), .customLong("config")],
    help: ArgumentHelp("The configuration file.", valueName: "file"), completion: .file())
  var file = "bridge.conf"
}
