import Logging
import Mapping
import XMPP

/// One thing to log, with everything that is known of it.
struct LogRecord {
  /// Milliseconds since 1970.
  var time: Int64
  var level: Logger.Level
  var message: String
  /// Sorted by key, so that equal records look alike.
  var fields: [(key: String, value: Logger.MetadataValue)]
}

extension LogRecord {
  /// A line for eyes: `2026-11-22T08:00:00.000Z INFO    connected entity=home`, and the line's end.
  ///
  /// Whatever a peer put into a value, it stays one line and cannot speak to the terminal.
  func text(coloured: Bool) -> [UInt8] {
    var line = Timestamp.rfc3339(time) + " "
    let name = level.rawValue.uppercased()
    line += coloured ? "\u{1B}[\(level.colour)m\(name)\u{1B}[0m" : name
    // As wide as the longest level.
    line += String(repeating: " ", count: max(0, 8 - name.count)) + " "
    line += message.escaped
    for (key, value) in fields {
      let value = value.text
      let isPlain = !value.isEmpty && value.allSatisfy { $0 != " " && $0 != "\"" && $0 != "=" && $0 != "\\" }
      line += isPlain ? " \(key.escaped)=\(value.escaped)" : " \(key.escaped)=\"\(value.quotedContent)\""
    }
    return Array("\(line)\n".utf8)
  }

  /// A line for programs: a JSON object with `time`, `level`, `message` and every field, and the line's end.
  func json() -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    for (name, value) in [
      ("time", Timestamp.rfc3339(time)), ("level", level.rawValue), ("message", message),
    ] {
      writer.name(name)
      writer.value(value)
    }
    for (key, value) in fields {
      writer.name(["time", "level", "message"].contains(key) ? "\(key)_" : key)
      value.write(to: &writer)
    }
    writer.endObject()
    return writer.bytes + [UInt8(ascii: "\n")]
  }
}

extension Logger.Level {
  /// The parameter of the SGR sequence.
  fileprivate var colour: String {
    switch self {
    case .trace, .debug: "2"
    case .info: "32"
    case .notice: "36"
    case .warning: "33"
    case .error, .critical: "31"
    }
  }
}

extension Logger.MetadataValue {
  fileprivate var text: String {
    switch self {
    case .string(let text): text
    case .stringConvertible(let value): "\(value)"
    case .array(let values): "[\(values.map(\.text).joined(separator: ", "))]"
    case .dictionary(let members):
      "{\(members.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.text)" }.joined(separator: ", "))}"
    }
  }

  fileprivate func write(to writer: inout JSONWriter) {
    switch self {
    case .string(let text): writer.value(text)
    case .stringConvertible(let value): writer.value("\(value)")
    case .array(let values):
      writer.beginArray()
      for value in values { value.write(to: &writer) }
      writer.endArray()
    case .dictionary(let members):
      writer.beginObject()
      for (key, value) in members.sorted(by: { $0.key < $1.key }) {
        writer.name(key)
        value.write(to: &writer)
      }
      writer.endObject()
    }
  }
}

extension String {
  /// The text without characters that end a line or command a terminal.
  var escaped: String {
    guard unicodeScalars.contains(where: \.isCommand) else { return self }
    return unicodeScalars.reduce(into: "") { text, scalar in
      if scalar.isCommand {
        text += scalar.escaped(asASCII: true)
      } else {
        text.unicodeScalars.append(scalar)
      }
    }
  }

  /// The text as it stands between quotes.
  fileprivate var quotedContent: String {
    replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").escaped
  }
}

extension Unicode.Scalar {
  fileprivate var isCommand: Bool {
    switch properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }
}
