import BridgeConfig
import Journal
import MQTTClient
import NIOCore
import NIOPosix
import TLSEngine
import XMPP
import XMPPClient

/// One account on its event loop, as the supervisor sees it.
struct RunningAccount: Sendable {
  let name: String
  let mailbox: AccountMailbox
  private let eventLoop: any EventLoop
  private let driver: NIOLoopBound<AccountDriver>

  /// What every account of a bridge uses.
  struct Surroundings: Sendable {
    var threads: NIOThreadPool
    var journal: Journal
    var mqtt: MQTTService
    var reporter: BridgeReporter
    var loops: MultiThreadedEventLoopGroup
    var logins: LoginQueue
  }

  /// Puts the account on an event loop and starts it.
  /// - Parameters:
  ///   - remains: what is left of the account's last machine.
  ///   - onFailure: called once if the journal fails, on the event loop: the machine has stopped.
  static func start(
    _ account: AccountConfiguration, loaded: LoadedAccount, after remains: AccountRemains?, context: TLSContext?,
    _ surroundings: Surroundings, onFailure: @escaping @Sendable (JournalError) -> Void
  ) async throws -> RunningAccount {
    let eventLoop = surroundings.loops.next()
    return try await eventLoop.submit {
      let mailbox = AccountMailbox(eventLoop: eventLoop)
      remains?.mailbox.handOver(to: mailbox)
      let reporter = AccountReporter(
        bridge: surroundings.reporter, account: account.name, topics: loaded.core.settings.topics, jid: account.jid)
      let (location, logins) = (account.serverLocation, surroundings.logins)
      let driver = AccountDriver(
        core: loaded.core, eventLoop: eventLoop, mailbox: mailbox, journal: surroundings.journal.client(mailbox),
        mqtt: surroundings.mqtt, inbound: loaded.inbound, handedOut: remains?.handedOut ?? HandedOut(),
        reporter: reporter,
        connector: AccountConnector { logins.turn(at: location) { [weak mailbox] in mailbox?.post(.loginTurnCame) } },
        onJournalFailure: onFailure)
      let finder = ServerFinder()
      let connection = XMPPConnection(
        session: ClientSession(configuration: account.session, resuming: loaded.session, cachedKeys: nil),
        context: context, serverName: location.serverName ?? location.domain, eventLoop: eventLoop,
        threads: surroundings.threads, makeNonce: Self.nonce,
        findEndpoints: { finder.endpoints(of: location, place: $0, on: eventLoop) }, owner: driver)
      driver.start(connection: connection)
      return RunningAccount(
        name: account.name, mailbox: mailbox, eventLoop: eventLoop, driver: NIOLoopBound(driver, eventLoop: eventLoop))
    }.get()
  }

  /// How the account stands; nil if it has not come to a state yet, or its event loop has ended.
  func status() async -> AccountStatus? {
    try? await eventLoop.submit {
      driver.value.reporter.last.map { AccountStatus(name: name, state: $0, snapshot: driver.value.core.snapshot) }
    }.get()
  }

  /// Leaves; see `AccountDriver.leave`.
  func leave(parks: Bool) async {
    let done = eventLoop.makePromise(of: Void.self)
    eventLoop.execute { driver.value.leave(parks: parks) { done.succeed() } }
    try? await done.futureResult.get()
  }

  /// Stops at once and for good; see `AccountDriver.halt`.
  /// - Returns: what the next machine of the account has to know; nil if the event loop has ended.
  func halt() async -> AccountRemains? {
    let done = eventLoop.makePromise(of: AccountRemains.self)
    eventLoop.execute { driver.value.halt { done.succeed($0) } }
    return try? await done.futureResult.get()
  }

  /// 24 characters of fresh randomness, of an alphabet that SCRAM and ids may hold.
  static func nonce() -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
    return String(decoding: (0..<24).map { _ in alphabet.randomElement() ?? 0x41 }, as: UTF8.self)
  }
}

extension AccountConfiguration {
  /// Where the server is.
  var serverLocation: ServerLocation {
    var location = ServerLocation(domain: jid.domainpart, security: security)
    if case .fixed(let host, let port) = server { (location.host, location.port) = (host, Int(port)) }
    return location
  }

  /// How the session logs in.
  var session: ClientSession.Configuration {
    ClientSession.Configuration(
      jid: jid,
      credentials: SASLCredentials(
        username: jid.localpart ?? "", password: password?.bytes, external: clientCertificateFile != nil),
      security: security, keepalive: keepalive)
  }

  private var security: ClientSession.Configuration.Security {
    switch tls {
    case .startTLS: .startTLS
    case .direct: .directTLS
    case .plaintext: .none
    }
  }

  /// How the server's certificate is judged; nil without TLS.
  var tlsConfiguration: TLSConfiguration? {
    guard tls != .plaintext else { return nil }
    return TLSConfiguration(
      caFile: trust.caFile, pins: trust.pins, clientCertificateFile: clientCertificateFile,
      clientKeyFile: clientKeyFile ?? clientCertificateFile)
  }
}
