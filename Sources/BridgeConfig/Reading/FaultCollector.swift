/// Everything that is wrong with one file: reading goes on after a fault, so that the user hears of all in one go.
final class FaultCollector {
  private let file: String
  private var diagnostics: Set<Diagnostic> = []

  /// - Parameter file: the file's name as the user gave it.
  init(file: String) { self.file = file }

  func error(_ message: String, at position: TOMLPosition) { add(.error, message, at: position) }

  func warning(_ message: String, at position: TOMLPosition) { add(.warning, message, at: position) }

  private func add(_ severity: Diagnostic.Severity, _ message: String, at position: TOMLPosition) {
    diagnostics.insert(
      Diagnostic(
        file: file, line: position.line, column: position.column, severity: severity, message: message))
  }

  /// What was collected, in the order of the file.
  var sorted: [Diagnostic] {
    diagnostics.sorted { ($0.line, $0.column, $0.message) < ($1.line, $1.column, $1.message) }
  }
}
