import Bridge
import BridgeConfig
import Logging
import Platform

/// Runs the bridge until a signal ends it.
/// - Parameters:
///   - file: where the configuration came from, to be read again on SIGHUP.
///   - log: takes everything people should know.
/// - Returns: how the process should end.
func runBridge(_ configuration: BridgeConfiguration, file: String, log: Logger) async -> ExitStatus {
  let (requests, source) = AsyncStream.makeStream(of: SignalRequest.self)
  let bridge: Bridge
  lookAtLimit(accounts: configuration.accounts.count, log: log)
  do {
    try SignalWatch.start { source.yield($0) }
    bridge = try await Bridge(configuration, log: log)
  } catch {
    log.error("the bridge cannot start: \(error)")
    return .failed
  }
  log.notice("running", metadata: ["version": "\(BridgeVersion.current)"])
  let supervision = Task { await bridge.supervise() }
  for await request in requests {
    switch request {
    case .reload: reportReload(of: file, running: configuration, log: log)
    case .leave:
      log.notice("leaving", metadata: ["on_exit": "\(configuration.bridge.onExit.rawValue)"])
      supervision.cancel()
      await supervision.value
      if await !bridge.stop() { log.warning("left, but not everything could be finished in order") }
      return .fine
    }
  }
  return .fine
}

/// Every account has two connections, of which libmosquitto's takes three descriptors; the rest is the process's own.
private func lookAtLimit(accounts: Int, log: Logger) {
  let limit = Descriptors.raiseLimit()
  let needed = UInt64(accounts) * 4 + 64
  guard limit < needed else { return }
  log.warning(
    "\(accounts) accounts may need \(needed) file descriptors, and \(limit) are allowed: raise LimitNOFILE= or ulimit -n"
  )
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
