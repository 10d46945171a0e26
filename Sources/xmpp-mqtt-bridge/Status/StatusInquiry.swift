import BridgeConfig
import Mapping
import Platform

/// What `status` says.
struct StatusInquiry {
  /// What goes to standard output.
  let output: String
  /// A line for each thing that is wrong.
  let faults: [String]
  let status: ExitStatus

  /// Asks the bridge of a configuration.
  ///
  /// A fault of the file is only told if no bridge answers: one that runs does so with what it read at its start, and its
  /// secrets may be out of reach of who asks.
  /// - Parameter ask: sends a line to the socket at a path and returns the line that comes back.
  init(
    _ loaded: LoadedConfiguration, asJSON: Bool,
    ask: (_ path: String, _ request: String) throws(ControlFailure) -> [UInt8]
  ) {
    do throws(ControlFailure) {
      guard let bridge = loaded.bridge else { throw .noBridge(path: "") }
      let line = try ask(bridge.controlSocket, #"{"request":"status"}"#)
      guard let answer = try? JSONValue(parsing: line) else { throw .unreadable }
      if let error = answer["error"]?.string { throw .refused(error) }
      output = asJSON ? answer.description + "\n" : StatusTable(answer, now: Clocks.wall()).description
      (faults, status) = ([], .fine)
    } catch {
      output = ""
      if case .noBridge = error, loaded.configuration == nil {
        (faults, status) = (loaded.diagnostics.map(\.description), .badConfiguration)
      } else {
        (faults, status) = ([error.description], error.status)
      }
    }
  }
}
