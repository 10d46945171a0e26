public import BridgeConfig
import Journal
public import Logging
import MQTT
import MQTTClient
import Mapping
import NIOCore
import NIOPosix
import Platform
import TLSEngine
import XMPP

/// The bridge: opens the state file, connects to the broker, and runs every account until it is told to leave.
public final class Bridge: Sendable {
  /// How the sessions are left.
  public typealias Exit = ExitMode

  private let configuration: BridgeConfiguration
  private let journal: Journal
  private let mqtt: MQTTService
  private let reporter: BridgeReporter
  private let loops: MultiThreadedEventLoopGroup
  private let threads: NIOThreadPool
  private let accounts: [RunningAccount]
  private let observer: BrokerObserver

  /// Starts the bridge.
  /// - Parameters:
  ///   - log: takes what people should know; nothing secret reaches it.
  ///   - onFailure: called once if the state file cannot be written any more: nothing is acknowledged from then on, and
  ///     the process has to begin anew. May be called on any thread.
  /// - Throws: what keeps it from starting, as a sentence.
  public init(
    _ configuration: BridgeConfiguration, log: Logger, onFailure: @escaping @Sendable (String) -> Void
  ) async throws {
    let tree = try TopicTree(prefix: configuration.bridge.topicPrefix)
    let (journal, recovered) = try Journal.open(path: configuration.bridge.stateFile)
    let reporter = BridgeReporter(log: log, topics: tree, bridge: configuration.bridge.name)
    let observer = BrokerObserver(reporter: reporter)
    let mqtt = try MQTTService(.init(configuration, tree: tree), outbound: observer, log: log)
    reporter.attach(mqtt)
    self.configuration = configuration
    self.journal = journal
    self.reporter = reporter
    self.observer = observer
    self.mqtt = mqtt
    loops = MultiThreadedEventLoopGroup(numberOfThreads: min(configuration.accounts.count, System.coreCount))
    threads = NIOThreadPool(numberOfThreads: 1)
    threads.start()

    reporter.found(recovered)
    let info = BridgeInfo(
      version: BridgeVersion.current, started: Clocks.wall(), accounts: configuration.accounts.map(\.name))
    reporter.retain(tree.state, BridgeState.online.json)
    reporter.retain(tree.info, info.json)

    let loader = AccountLoader(
      configuration: configuration, tree: tree, journal: journal, recovered: recovered,
      epoch: try EpochKeeper.epoch(journal: journal, recovered: recovered), responder: Self.responder)
    let surroundings = RunningAccount.Surroundings(
      threads: threads, journal: journal, mqtt: mqtt, reporter: reporter, onFailure: onFailure)
    var accounts: [RunningAccount] = []
    var contexts = TLSContexts()
    for account in configuration.accounts {
      let context = if let tls = account.tlsConfiguration { try contexts.context(for: tls) } else { nil as TLSContext? }
      let loaded = try loader.load(account)
      accounts.append(
        try await RunningAccount.start(account, loaded: loaded, context: context, on: loops.next(), surroundings))
    }
    self.accounts = accounts
    observer.watch(accounts.map(\.mailbox))
  }

  private static var responder: IQResponder {
    IQResponder(
      info: DiscoInfo(
        identities: [.init(category: "client", type: "bot", name: "xmpp-mqtt-bridge")],
        features: [MessageReceipts.feature, ChatMarkers.feature]),
      version: SoftwareVersion(name: "xmpp-mqtt-bridge", version: BridgeVersion.current))
  }

  /// Leaves: what is in flight is finished, every stream closed or parked, everything put on disk, the broker told.
  /// - Returns: false if something had to be given up; nothing was acknowledged that is not safe.
  public func stop(_ exit: Exit? = nil) async -> Bool {
    let parks = (exit ?? configuration.bridge.onExit) == .park
    await withTaskGroup { group in
      for account in accounts { group.addTask { await account.leave(parks: parks) } }
    }
    let isToldOff = await mqtt.stop()
    reporter.detach()
    var isClosed = true
    do {
      try journal.close(clean: true)
    } catch {
      reporter.log.error("the state file could not be closed in order: \(error)")
      isClosed = false
    }
    try? await loops.shutdownGracefully()
    try? await threads.shutdownGracefully()
    return isToldOff && isClosed
  }
}
