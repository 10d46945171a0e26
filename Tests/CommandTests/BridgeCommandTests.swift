import ArgumentParser
import Testing

@testable import xmpp_mqtt_bridge

@Suite("Calls of the command")
struct BridgeCommandTests {
  @Test("run is what is meant where nothing is said", arguments: [[], ["run"]])
  func defaultCommand(call: [String]) throws {
    let command = try #require(try BridgeCommand.parseAsRoot(call) as? RunCommand)
    #expect(command.configuration.file == "bridge.conf")
  }

  @Test(
    "the configuration is named with or without the command",
    arguments: [["--config", "x"], ["run", "--config=x"], ["-c", "x"]])
  func configurationOption(call: [String]) throws {
    let command = try #require(try BridgeCommand.parseAsRoot(call) as? RunCommand)
    #expect(command.configuration.file == "x")
  }

  @Test("check connects only if told to")
  func checkOptions() throws {
    let plain = try #require(try BridgeCommand.parseAsRoot(["check", "--config", "x"]) as? CheckCommand)
    #expect(plain.configuration.file == "x" && !plain.connect)
    let connecting = try #require(try BridgeCommand.parseAsRoot(["check", "--connect"]) as? CheckCommand)
    #expect(connecting.configuration.file == "bridge.conf" && connecting.connect)
  }

  @Test(
    "wrong usage exits with EX_USAGE",
    arguments: [
      ["frobnicate"], ["--frobnicate"], ["check", "x"], ["topic"], ["topic", "a", "b"], ["run", "--config"],
    ])
  func usage(call: [String]) {
    do {
      _ = try BridgeCommand.parseAsRoot(call)
      Issue.record("accepted")
    } catch {
      #expect(BridgeCommand.exitCode(for: error).rawValue == ExitStatus.usage.rawValue)
    }
  }

  @Test(
    "help and version are no failures",
    arguments: [["--help"], ["--version"], ["check", "--help"], ["help", "topic"]])
  func help(call: [String]) {
    do {
      var command = try BridgeCommand.parseAsRoot(call)
      try command.run()
      Issue.record("ran")
    } catch {
      #expect(BridgeCommand.exitCode(for: error) == .success)
    }
  }

  @Test("the codes are those of sysexits.h")
  func codes() {
    #expect([ExitStatus.fine, .failed, .usage, .unavailable, .badConfiguration].map(\.rawValue) == [0, 1, 64, 69, 78])
    #expect(throws: Never.self) { try ExitStatus.fine.end() }
    #expect(throws: ExitCode(78)) { try ExitStatus.badConfiguration.end() }
  }
}
