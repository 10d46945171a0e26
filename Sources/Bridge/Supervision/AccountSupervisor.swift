import BridgeConfig
import Journal
import Logging
import Mapping
import Platform
import Records
import TLSEngine
import XMPP

/// Runs the accounts over the state file. When that cannot be written or read any more, it stops them all without an
/// acknowledgement, and starts them again, from what the file then holds, as soon as it can be written.
actor AccountSupervisor {
  private struct Failure: Sendable {
    /// Which machines have failed: word of earlier ones is late.
    var generation: Int
    var error: JournalError
  }

  private let configuration: BridgeConfiguration
  private let tree: TopicTree
  private let responder: IQResponder
  private let contexts: [String: TLSContext]
  private let observer: BrokerObserver
  private let surroundings: RunningAccount.Surroundings

  private var accounts: [RunningAccount] = []
  /// Accounts that are being stopped.
  private var halting: [RunningAccount] = []
  /// Of accounts that were stopped, until they are started again.
  private var remains: [String: AccountRemains] = [:]
  private var generation = 0
  private let failures: AsyncStream<Failure>
  private let fail: AsyncStream<Failure>.Continuation

  /// What people hear of it.
  private var disturbance = Disturbance()
  /// What `E/state` of every account gives for the reason, and since when, in milliseconds since 1970.
  private var told: (reason: String, since: Int64)?
  private var lastRecovery: Duration?

  /// So often it is tried every second, then more slowly.
  private static let quickAttempts = 5
  /// Every so many attempts a disk that has hardly any room is tried nevertheless: what waits for delivery may be all that
  /// fills it, and delivery all that makes room.
  private static let boldAttempts = 12
  /// Room that is worth an attempt: this, or an eighth of a small disk.
  private static let worthwhile = 1 << 20
  /// A failure so soon after the last one is not tried quickly: what just worked was too small to show anything.
  private static let relapse = Duration.seconds(60)

  init(
    _ configuration: BridgeConfiguration, tree: TopicTree, responder: IQResponder, contexts: [String: TLSContext],
    observer: BrokerObserver, _ surroundings: RunningAccount.Surroundings
  ) {
    self.configuration = configuration
    self.tree = tree
    self.responder = responder
    self.contexts = contexts
    self.observer = observer
    self.surroundings = surroundings
    (failures, fail) = AsyncStream.makeStream()
  }

  private var reporter: BridgeReporter { surroundings.reporter }
  private var journal: Journal { surroundings.journal }

  /// Starts every account.
  /// - Parameter opened: the state file, or why it cannot be used yet: then `supervise` starts them when it can.
  /// - Throws: what time will not mend.
  func start(_ opened: Result<Recovered, JournalError>) async throws {
    do {
      try await run(try opened.get())
    } catch let error as JournalError where error.mayPass {
      failed(Failure(generation: generation, error: error))
    }
  }

  /// Brings the accounts back whenever the state file has failed, until the task is cancelled.
  func supervise() async {
    for await failure in failures where failure.generation == generation { await recover(from: failure.error) }
  }

  /// Leaves with every account that runs. `supervise` must have ended.
  func leave(parks: Bool) async {
    await withTaskGroup { group in
      for account in accounts { group.addTask { await account.leave(parks: parks) } }
    }
  }

  /// How every account stands, in the order of the configuration.
  func statuses() async -> [AccountStatus] {
    var running: [String: AccountStatus] = [:]
    var counters = remains.mapValues(\.counters)
    for account in halting { counters[account.name] = await account.status()?.snapshot.counters }
    for account in accounts { running[account.name] = await account.status() }
    return configuration.accounts.map { account in
      running[account.name]
        ?? AccountStatus(
          name: account.name, state: stoppedState(of: account),
          snapshot: AccountSnapshot(counters: counters[account.name] ?? AccountCounters()))
    }
  }

  /// The state of an account that cannot run, since the state file cannot be used.
  private func stoppedState(of account: AccountConfiguration) -> EntityState {
    EntityState(.offline, jid: account.jid, since: told?.since ?? Clocks.wall(), reason: told?.reason)
  }

  private nonisolated func failed(_ failure: Failure) { fail.yield(failure) }

  // MARK: Starting

  /// Puts every account together from what the state file holds, and starts it.
  private func run(_ recovered: Recovered) async throws {
    reporter.found(recovered)
    let loader = AccountLoader(
      configuration: configuration, tree: tree, journal: journal, recovered: recovered,
      epoch: try EpochKeeper.epoch(journal: journal, recovered: recovered), responder: responder)
    let loaded = try configuration.accounts.map { try load($0, loader) }
    generation += 1
    let generation = generation
    accounts = []
    for (account, loaded) in zip(configuration.accounts, loaded) {
      accounts.append(
        try await RunningAccount.start(
          account, loaded: loaded, after: remains[account.name], context: contexts[account.name], surroundings
        ) { [weak self] in self?.failed(Failure(generation: generation, error: $0)) })
      remains[account.name] = nil
    }
    observer.watch(accounts.map(\.mailbox))
  }

  /// A record that cannot be read is damage that the database does not know of.
  private func load(_ account: AccountConfiguration, _ loader: AccountLoader) throws -> LoadedAccount {
    do {
      return try loader.load(account, after: remains[account.name])
    } catch let error as FieldError {
      throw JournalError.damaged(
        path: configuration.bridge.stateFile, reason: "a record of account \(account.name) cannot be read: \(error)")
    }
  }

  // MARK: Recovering

  private func recover(from first: JournalError) async {
    var error = first
    tell(error)
    await halt()
    let isRelapse = lastRecovery.map { Clocks.monotonic() - $0 < Self.relapse } ?? false
    var attempts = isRelapse ? Self.quickAttempts : 0
    while true {
      do {
        try await Task.sleep(for: .seconds(attempts < Self.quickAttempts ? 1 : 5))
      } catch {
        return
      }
      attempts += 1
      if case .full = error, attempts % Self.boldAttempts != 0, !hasRoom {
        reporter.log.debug("there still is no room", metadata: ["attempt": "\(attempts)"])
        tell(error)
        continue
      }
      do {
        try await run(try await journal.reopen(damage: error.damage))
        return recovered()
      } catch let next as JournalError {
        error = next
      } catch let other {
        error = .failed(path: configuration.bridge.stateFile, reason: "\(other)")
      }
      reporter.log.debug("the state file still fails: \(error)", metadata: ["attempt": "\(attempts)"])
      tell(error)
    }
  }

  private var hasRoom: Bool {
    guard let room = DiskRoom(at: configuration.bridge.stateFile) else { return true }
    return room.free >= min(Self.worthwhile, room.total / 8)
  }

  private func halt() async {
    halting = accounts
    accounts = []
    await withTaskGroup { group in
      for account in halting { group.addTask { (account.name, await account.halt()) } }
      for await (name, left) in group { remains[name] = left }
    }
    halting = []
  }

  private func recovered() {
    told = nil
    lastRecovery = Clocks.monotonic()
    disturbance.set(false)
    guard disturbance.news(now: Clocks.monotonic()) == .ended else { return }
    let detail = "the state file can be written again: every account goes on from what it holds"
    reporter.report(Report(level: .notice, event: "state-writable", detail: detail), entity: nil, isKept: true)
  }

  private func tell(_ error: JournalError) {
    if told?.reason != error.summary {
      told = (error.summary, Clocks.wall())
      for account in configuration.accounts {
        guard let topics = try? tree.account(account.name) else { continue }
        reporter.retain(topics.state, stoppedState(of: account).json)
      }
    }
    disturbance.set(true)
    guard disturbance.news(now: Clocks.monotonic()) == .began else { return }
    let detail = "\(error): every account waits, nothing is acknowledged, until it can be written"
    reporter.report(Report(level: .error, event: error.event, detail: detail), entity: nil, isKept: true)
  }
}
