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
  private let supervisor: AccountSupervisor
  private let observer: BrokerObserver
  /// Nil if there can be none: the bridge does its work without it.
  private let control: ControlServer?
  /// On the wall clock, in milliseconds since 1970, and on the monotonic one.
  private let started: (wallClock: Int64, now: Duration)

  /// Starts the bridge. ``supervise()`` has to run as long as it does.
  /// - Parameter log: takes what people should know; nothing secret reaches it.
  /// - Throws: what keeps it from starting, as a sentence. A full disk, or a state file that another program has locked
  ///   for the moment, does not: the bridge waits.
  public init(_ configuration: BridgeConfiguration, log: Logger) async throws {
    let tree = try TopicTree(prefix: configuration.bridge.topicPrefix)
    let journal = try Journal(path: configuration.bridge.stateFile)
    // Before the broker hears of us: a second process on one state file must not take the connections of the first.
    let opened = await Self.open(journal)
    if case .failure(let error) = opened, !error.mayPass { throw error }
    let reporter = BridgeReporter(log: log, topics: tree, bridge: configuration.bridge.name)
    let observer = BrokerObserver(reporter: reporter)
    let mqtt = try MQTTService(.init(configuration, tree: tree), outbound: observer, log: log)
    reporter.attach(mqtt)
    self.configuration = configuration
    self.journal = journal
    self.reporter = reporter
    self.observer = observer
    self.mqtt = mqtt
    // SCRAM keys take milliseconds each: a thousand first logins are held up by one core, and need not be.
    let width = min(configuration.accounts.count, System.coreCount)
    (loops, threads) = MainThread.make {
      let threads = NIOThreadPool(numberOfThreads: width)
      threads.start()
      return (MultiThreadedEventLoopGroup(numberOfThreads: width), threads)
    }

    started = (Clocks.wall(), Clocks.monotonic())
    let info = BridgeInfo(
      version: BridgeVersion.current, started: started.wallClock, accounts: configuration.accounts.map(\.name))
    reporter.retain(tree.state, BridgeState.online.json)
    reporter.retain(tree.info, info.json)

    var made = TLSContexts()
    var contexts: [String: TLSContext] = [:]
    for account in configuration.accounts {
      if let tls = account.tlsConfiguration { contexts[account.name] = try made.context(for: tls) }
    }
    supervisor = AccountSupervisor(
      configuration, tree: tree, responder: Self.responder, contexts: contexts, observer: observer,
      RunningAccount.Surroundings(
        threads: threads, journal: journal, mqtt: mqtt, reporter: reporter, loops: loops, logins: LoginQueue()))
    try await supervisor.start(opened)
    control = await ControlServer.open(at: configuration.bridge.controlSocket, on: loops.next(), log: log)
  }

  /// Brings the accounts back whenever the state file could not be written and then can again, and answers what is asked
  /// over the control socket. Returns when its task is cancelled, which has to be before ``stop(_:)``.
  public func supervise() async {
    await withTaskGroup { group in
      group.addTask { await self.supervisor.supervise() }
      if let control { group.addTask { await self.answer(control.calls) } }
    }
  }

  // MARK: The control socket

  private func answer(_ calls: AsyncStream<ControlCall>) async {
    for await call in calls {
      switch call.request {
      case .status: call.answer(await status().json)
      }
    }
  }

  private func status() async -> StatusReport {
    StatusReport(
      version: BridgeVersion.current, started: started.wallClock, uptime: Clocks.monotonic() - started.now,
      endpoint: configuration.mqtt.endpoint.description, broker: observer.status,
      publishesWaiting: mqtt.counters.waiting, publishesDropped: mqtt.counters.dropped, journal: journal.statistics,
      fileBytes: journal.fileBytes, accounts: await supervisor.statuses())
  }

  // MARK: The ends

  private static func open(_ journal: Journal) async -> Result<Recovered, JournalError> {
    do {
      return .success(try await journal.reopen())
    } catch {
      return .failure(error)
    }
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
    // While the state file is still ours: behind that the path may be another process's.
    await control?.stop()
    let parks = (exit ?? configuration.bridge.onExit) == .park
    await supervisor.leave(parks: parks)
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
