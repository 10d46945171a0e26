internal import Mapping

extension BridgeSection {
  /// Reads `[bridge]`; a table that is not there has all the defaults.
  init(_ table: TableReader?, _ context: ReadingContext) {
    self.init()
    if let table { read(table, context) }
    stateFile = context.statePath(stateFile)
  }

  private mutating func read(_ table: TableReader, _ context: ReadingContext) {
    if let setting = table.read("name", .bridgeName) { name = setting.value }
    if let setting = table.read("topic_prefix", .topicPrefix) { topicPrefix = setting.value }
    if let setting = table.read("state", .text("a path", example: "\"\(stateFile)\"")) { stateFile = setting.value }
    if let setting = table.read("log_level", .word(example: LogLevel.info)) { logLevel = setting.value }
    if let setting = table.read("log_format", .word(example: LogFormat.text)) { logFormat = setting.value }
    if let setting = table.read("on_exit", .word(example: ExitMode.logout)) { onExit = setting.value }
    table.finish()
  }
}

extension ValueForm<String> {
  /// Part of MQTT client ids, so it keeps to what every broker takes.
  fileprivate static var bridgeName: ValueForm {
    .string(example: #""bridge""#) { text throws(Misfit) in
      // It is no topic level, so the words of the topic tree are free.
      if let fault = TopicNames.fault(inName: text), fault.reason != .reserved { throw .badName(fault) }
      return text
    }
  }

  fileprivate static var topicPrefix: ValueForm {
    .string(example: #""xmpp""#) { text throws(Misfit) in
      if let fault = TopicNames.fault(inPrefix: text) {
        throw .badName(fault, "write one like \"xmpp\" or \"site/xmpp\"")
      }
      return text
    }
  }
}

extension TopicNames {
  /// What is wrong with a topic prefix.
  static func fault(inPrefix prefix: String) -> AddressError? {
    do {
      try check(prefix: prefix)
      return nil
    } catch {
      return error
    }
  }

  /// What is wrong with the name of an account or of the bridge.
  static func fault(inName name: String) -> AddressError? {
    do {
      try check(name: name)
      return nil
    } catch {
      return error
    }
  }
}

extension Misfit {
  static let nameAdvice = "a name is of letters A-Z a-z, digits, _ and -"

  /// A name or prefix that the topic tree cannot have.
  static func badName(_ fault: AddressError, _ advice: String = nameAdvice) -> Misfit {
    guard !fault.text.isEmpty else { return .content("is empty; \(advice)") }
    return .content("is not usable: \(fault); \(advice)")
  }
}
