import Foundation
import TestSupport
import Testing

extension Integration {
  /// What the process is started with, and its threads have to keep.
  @Suite struct Priority {
    /// The nice value of each thread by its name, as `/proc` has them.
    private func niceValues(of process: Int32) -> [String: Int] {
      let tasks = "/proc/\(process)/task"
      var values: [String: Int] = [:]
      for task in (try? FileManager.default.contentsOfDirectory(atPath: tasks)) ?? [] {
        // `tid (name) state ppid …`: the nice value is field 19, the 17th behind the name.
        guard let line = try? String(contentsOfFile: "\(tasks)/\(task)/stat", encoding: .utf8),
          let open = line.firstIndex(of: "("), let close = line.lastIndex(of: ")")
        else { continue }
        let fields = line[close...].split(separator: " ")
        values[String(line[line.index(after: open)..<close])] = Int(fields[17])
      }
      return values
    }

    @Test("the threads that carry messages have the nice value that the process was given")
    func inherited() async throws {
      let bridge = try BridgeProcess(
        BridgeConf(mqttURL: "mqtt://127.0.0.1:1", accounts: [.init(port: 1)]))
      try await bridge.start(by: ["/usr/bin/nice", "-n", "3"])
      let process = try #require(bridge.current)
      try await bridge.logs("running", "version")
      let values = niceValues(of: process.pid)
      for name in ["mqtt", "journal", "NIO-ELT-1-#1"] { #expect(values[name] == 3, "\(name) of \(values)") }
      #expect(try await bridge.stop() == .code(0))
    }
  }
}
