/// One thing to say about a configuration file.
public struct Diagnostic: Sendable, Hashable, Error, CustomStringConvertible {
  /// How bad it is.
  public enum Severity: String, Sendable {
    /// The bridge does not start with such a file.
    case error
    /// The bridge starts; something in the file does not do what it seems to.
    case warning
  }

  /// The file as the user named it.
  public var file: String
  /// The line, from 1.
  public var line: Int
  /// The column, from 1, in Unicode scalars; a tab is one.
  public var column: Int
  /// Whether the bridge can start in spite of it.
  public var severity: Severity
  /// What is wrong; what would be right. Never holds a secret.
  public var message: String

  /// A diagnostic at a place in a file.
  public init(file: String, line: Int, column: Int, severity: Severity, message: String) {
    self.file = file
    self.line = line
    self.column = column
    self.severity = severity
    self.message = message
  }

  /// `file:line:column: what is wrong; what would be right`, which editors and terminals turn into a link.
  public var description: String {
    let mark = severity == .warning ? "warning: " : ""
    return "\(file):\(line):\(column): \(mark)\(message)"
  }
}
