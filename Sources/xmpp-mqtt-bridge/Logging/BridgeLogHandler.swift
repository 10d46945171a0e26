import BridgeConfig
import Logging
import Platform

/// Writes records to standard error, one line each, as `log_level` and `log_format` say.
struct BridgeLogHandler: LogHandler {
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]
  var metadataProvider: Logger.MetadataProvider?

  private let format: LogFormat
  private let isColoured: Bool
  private let clock: @Sendable () -> Int64
  private let write: @Sendable ([UInt8]) -> Void

  /// - Parameters:
  ///   - isColoured: whether the level of a text record has a colour.
  ///   - clock: milliseconds since 1970.
  ///   - write: takes a whole record, with its line's end. May be called on any thread.
  init(
    level: Logger.Level, format: LogFormat, isColoured: Bool = StandardError.isColoured,
    clock: @escaping @Sendable () -> Int64 = Clocks.wall,
    write: @escaping @Sendable ([UInt8]) -> Void = StandardError.write
  ) {
    logLevel = level
    self.format = format
    self.isColoured = isColoured
    self.clock = clock
    self.write = write
  }

  /// The logger of the process.
  static func logger(_ section: BridgeSection) -> Logger {
    let handler = BridgeLogHandler(level: section.logLevel.loggerLevel, format: section.logFormat)
    return Logger(label: "xmpp-mqtt-bridge", factory: { _ in handler })
  }

  subscript(metadataKey key: String) -> Logger.MetadataValue? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    var fields = metadata
    if let provided = metadataProvider?.get() { fields.merge(provided) { $1 } }
    if let given = event.metadata { fields.merge(given) { $1 } }
    if let error = event.error { fields["error"] = "\(error)" }
    let record = LogRecord(
      time: clock(), level: event.level, message: event.message.description,
      fields: fields.sorted { $0.key < $1.key })
    write(format == .json ? record.json() : record.text(coloured: isColoured))
  }
}

extension LogLevel {
  /// The logging library's level of the same name.
  var loggerLevel: Logger.Level {
    switch self {
    case .trace: .trace
    case .debug: .debug
    case .info: .info
    case .notice: .notice
    case .warning: .warning
    case .error: .error
    }
  }
}
