import BridgeConfig
import Logging
import Platform
import Testing

@testable import xmpp_mqtt_bridge

@Suite("Log records")
struct LogTests {
  /// 2026-11-22T08:00:00.007Z
  private static let time: Int64 = 1_795_334_400_007

  private func text(
    _ message: String, level: Logger.Level = .info, _ fields: Logger.Metadata = [:], coloured: Bool = false
  ) -> String {
    let record = LogRecord(time: Self.time, level: level, message: message, fields: fields.sorted { $0.key < $1.key })
    return String(decoding: record.text(coloured: coloured), as: UTF8.self)
  }

  private func json(_ message: String, _ fields: Logger.Metadata = [:]) -> String {
    let record = LogRecord(time: Self.time, level: .info, message: message, fields: fields.sorted { $0.key < $1.key })
    return String(decoding: record.json(), as: UTF8.self)
  }

  @Test("as text have time, level, message and fields in one line")
  func plain() {
    #expect(text("connected") == "2026-11-22T08:00:00.007Z INFO     connected\n")
    #expect(
      text("connected", level: .critical, ["b": "2", "a": "1"])
        == "2026-11-22T08:00:00.007Z CRITICAL connected a=1 b=2\n")
  }

  @Test("quote values that are not plain")
  func quoting() {
    #expect(
      text("m", ["a": "x y", "b": "", "c": "say \"hi\"", "d": "k=v", "e": "C:\\"])
        == "2026-11-22T08:00:00.007Z INFO     m a=\"x y\" b=\"\" c=\"say \\\"hi\\\"\" d=\"k=v\" e=\"C:\\\\\"\n")
    #expect(text("m", ["a": ["x", "y"], "b": ["k": "v"]]).hasSuffix(" m a=\"[x, y]\" b=\"{k: v}\"\n"))
  }

  @Test("stay one line and command no terminal, whatever a peer puts into them")
  func hostile() {
    let hostile = "a\nb\r\u{1B}[2J\u{9B}1m\u{2028}\u{0}é"
    let expected = #"a\nb\r\u{1B}[2J\u{009B}1m\u{2028}\0é"#
    let line = text(hostile, ["k": "\(hostile)"])
    #expect(line == "2026-11-22T08:00:00.007Z INFO     \(expected) k=\(expected)\n")
    #expect(json(hostile).split(separator: "\n", omittingEmptySubsequences: false).count == 2)
  }

  @Test("have a coloured level only where somebody sees it")
  func colour() {
    #expect(
      text("m", level: .warning, coloured: true) == "2026-11-22T08:00:00.007Z \u{1B}[33mWARNING\u{1B}[0m  m\n")
  }

  @Test("as JSON are one object a line")
  func object() {
    #expect(
      json("say \"hi\"\n", ["entity": "home", "list": ["1", ["k": "v"]], "time": "x"])
        == #"{"time":"2026-11-22T08:00:00.007Z","level":"info","message":"say \"hi\"\n","entity":"home","#
        + #""list":["1",{"k":"v"}],"time_":"x"}"# + "\n")
  }

  @Test("carry the metadata of the logger, of its provider and of the call, the latter winning")
  func metadata() {
    let recorder = Recorder()
    var handler = BridgeLogHandler(
      level: .info, format: .text, isColoured: false, clock: { Self.time }, write: { recorder.add($0) })
    handler.metadataProvider = Logger.MetadataProvider { ["a": "provider", "b": "provider", "c": "provider"] }
    var log = Logger(label: "test", factory: { _ in handler })
    log[metadataKey: "a"] = "logger"
    log[metadataKey: "d"] = "logger"
    log.info("m", metadata: ["b": "call"])
    log.debug("not written")
    #expect(recorder.lines == ["2026-11-22T08:00:00.007Z INFO     m a=provider b=call c=provider d=logger\n"])
  }

  @Test("below the configured level are not written", arguments: LogLevel.allCases)
  func levels(level: LogLevel) {
    let recorder = Recorder()
    let handler = BridgeLogHandler(
      level: level.loggerLevel, format: .json, isColoured: false, clock: { Self.time }, write: { recorder.add($0) })
    let log = Logger(label: "test", factory: { _ in handler })
    for level in Logger.Level.allCases { log.log(level: level, "m") }
    #expect(recorder.lines.count == Logger.Level.allCases.count { $0 >= level.loggerLevel })
    #expect(level.loggerLevel.rawValue == level.rawValue)
  }
}

/// Keeps what would have been written.
private final class Recorder: Sendable {
  private let records = Lock<[String]>([])

  var lines: [String] { records.withLock { $0 } }

  func add(_ record: [UInt8]) { records.withLock { $0.append(String(decoding: record, as: UTF8.self)) } }
}
