/// `[bridge]`: what concerns the whole process.
public struct BridgeSection: Sendable, Equatable {
  /// `name`: what MQTT client ids begin with and what the user property `xmpp-bridge` says.
  public var name: String
  /// `topic_prefix`: P of the topic tree; holds none of `+ # $` and ends without a slash.
  public var topicPrefix: String
  /// `state`: the path of the state file. Its folder need not exist.
  public var stateFile: String
  /// `log_level`: records below it are not written.
  public var logLevel: LogLevel
  /// `log_format`: how records are written.
  public var logFormat: LogFormat
  /// `on_exit`: what becomes of the sessions when the bridge leaves.
  public var onExit: ExitMode

  /// A section with the defaults of the documentation where nothing else is given.
  public init(
    name: String = "bridge", topicPrefix: String = "xmpp", stateFile: String = "state/bridge.sqlite",
    logLevel: LogLevel = .info, logFormat: LogFormat = .text, onExit: ExitMode = .logout
  ) {
    self.name = name
    self.topicPrefix = topicPrefix
    self.stateFile = stateFile
    self.logLevel = logLevel
    self.logFormat = logFormat
    self.onExit = onExit
  }

  /// The path of the socket on which a running bridge is asked how it does: beside the state file, and as unique.
  public var controlSocket: String { stateFile + ".sock" }
}

/// The least severe records that are written.
public enum LogLevel: String, Sendable, CaseIterable {
  /// Everything, every stanza's and publish's way.
  case trace
  /// What a developer wants to know.
  case debug
  /// What an operator may want to know.
  case info
  /// What an operator should know, though nothing is wrong.
  case notice
  /// Something is wrong that may right itself.
  case warning
  /// Something is wrong that somebody has to look at.
  case error
}

/// How log records look.
public enum LogFormat: String, Sendable, CaseIterable {
  /// For eyes.
  case text
  /// One JSON object a line, for programs.
  case json
}

/// What happens on SIGTERM and SIGINT.
public enum ExitMode: String, Sendable, CaseIterable {
  /// Finish what is in flight, then end every session.
  case logout
  /// Leave every session resumable, so that the next start goes on with it.
  case park
}
