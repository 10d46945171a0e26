import ArgumentParser
import Mapping

/// `topic`: from a JID to its topic level, and back.
struct TopicCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "topic",
    abstract: "Translates a JID into its topic level, or a topic or level back into the JID.",
    discussion: """
      xmpp-mqtt-bridge topic 'alice@example.org/Büro 1/2'
      xmpp-mqtt-bridge topic xmpp/home/message/alice@example.org/send
      """)

  @Argument(help: ArgumentHelp("A JID, a topic, or a level of one.", valueName: "JID|TOPIC"))
  var text: String

  func run() throws {
    do {
      print(try TopicTranslation.translate(text))
    } catch {
      StandardError.print(error.description)
      try ExitStatus.failed.end()
    }
  }
}
