import Bridge
import BridgeConfig
import Logging

/// What may happen to a running bridge.
private enum RunEvent: Sendable {
  case signal(SignalRequest)
  /// The state file cannot be written any more.
  case failure(String)
}

/// Runs the bridge until a signal ends it.
/// - Parameters:
///   - file: where the configuration came from, to be read again on SIGHUP.
///   - log: takes everything people should know.
/// - Returns: how the process should end.
func runBridge(_ configuration: BridgeConfiguration, file: String, log: Logger) async -> ExitStatus {
  let (events, source) = AsyncStream.makeStream(of: RunEvent.self)
  let bridge: Bridge
  do {
    try SignalWatch.start { source.yield(.signal($0)) }
    bridge = try await Bridge(configuration, log: log) { source.yield(.failure($0)) }
  } catch {
    log.error("the bridge cannot start: \(error)")
    return .failed
  }
  log.notice("running", metadata: ["version": "\(BridgeVersion.current)"])
  for await event in events {
    switch event {
    case .signal(.reload): reportReload(of: file, running: configuration, log: log)
    case .signal(.leave):
      log.notice("leaving", metadata: ["on_exit": "\(configuration.bridge.onExit.rawValue)"])
      if await !bridge.stop() { log.warning("left, but not everything could be finished in order") }
      return .fine
    case .failure(let reason):
      log.error("the bridge cannot go on: \(reason)")
      _ = await bridge.stop(.park)
      return .failed
    }
  }
  return .fine
}

/// SIGHUP: the file is read and every fault of it told. This version applies no change while it runs.
private func reportReload(of file: String, running: BridgeConfiguration, log: Logger) {
  let loaded = ConfigurationLoader.load(file)
  for diagnostic in loaded.diagnostics { log.warning("\(diagnostic.place): \(diagnostic.message)") }
  guard let configuration = loaded.configuration else {
    log.error("reload: the configuration has a fault and nothing changes")
    return
  }
  log.notice(
    configuration == running ? "reload: nothing has changed" : "reload: a restart is needed for what has changed")
}
