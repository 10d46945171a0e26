import BridgeConfig
import NIOCore
import NIOPosix
import TLSEngine
import XMLStream
import XMPP
import XMPPClient

/// One visit to an account's server: log in, look round, log out.
///
/// Not `Sendable`: everything happens on the event loop.
final class AccountVisit {
  /// What was found out, once the visit is over; never fails.
  var finding: EventLoopFuture<AccountProber.Finding> { promise.futureResult }

  /// For looking the server up, connecting and logging in. Logging out takes 5 s at most, which makes 30 s of it all.
  private static let loginLimit = TimeAmount.seconds(20)
  /// For all answers together.
  private static let inquiryLimit = TimeAmount.seconds(5)

  private let eventLoop: any EventLoop
  private let promise: EventLoopPromise<AccountProber.Finding>
  private var connection: XMPPConnection?
  private var inquiry: ServerInquiry?
  private var streamManagement: Bool?
  private var timer: Scheduled<Void>?
  private var isLate = false
  private var isLeaving = false
  private var lastSent: UInt64 = 0
  /// The server's stanzas are only acknowledged as long as none of them is somebody's message.
  private var isTakingStanzas = true

  init(_ account: AccountConfiguration, context: TLSContext?, eventLoop: any EventLoop) {
    self.eventLoop = eventLoop
    promise = eventLoop.makePromise()
    let location = account.serverLocation
    let finder = ServerFinder()
    var configuration = account.session
    configuration.jid = Self.visitor(of: account.jid)
    connection = XMPPConnection(
      session: ClientSession(configuration: configuration, resuming: nil, cachedKeys: nil), context: context,
      serverName: location.serverName ?? location.domain, eventLoop: eventLoop, threads: .singleton,
      makeNonce: RunningAccount.nonce,
      findEndpoints: { finder.endpoints(of: location, place: $0, on: eventLoop) }, owner: self)
  }

  /// The account with a resource that nobody else has.
  private static func visitor(of account: JID) -> JID {
    (try? account.with(resource: "check-\(RunningAccount.nonce().prefix(8))")) ?? account.bare
  }

  /// Begins.
  func start() {
    limit(to: Self.loginLimit)
    connection?.connect(inbound: 0)
  }

  /// Lets go of everything.
  func end() {
    timer?.cancel()
    connection = nil
  }

  private func limit(to limit: TimeAmount) {
    timer?.cancel()
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    timer = eventLoop.scheduleTask(in: limit) {
      bound.value.isLate = true
      bound.value.leave()
    }
  }

  /// Logs out or, where there is no session yet, gives up. The connection then says that it ended.
  private func leave() {
    guard !isLeaving else { return }
    isLeaving = true
    connection?.logout()
  }

  private func send(_ requests: [[UInt8]]) {
    let stanzas = requests.map { bytes in
      lastSent += 1
      return OutboundStanza(sequence: lastSent, bytes: bytes)
    }
    connection?.send(stanzas)
  }

  private func established(_ info: SessionInfo) {
    streamManagement = info.acknowledgement == .streamManagement
    var inquiry = ServerInquiry(account: info.jid, idPrefix: RunningAccount.nonce())
    send(inquiry.start())
    self.inquiry = inquiry
    limit(to: Self.inquiryLimit)
  }

  private func received(_ element: XMLElement, number: UInt64) {
    isTakingStanzas = isTakingStanzas && StanzaKind(element) != .message
    if isTakingStanzas { connection?.handled(upTo: number) }
    guard let iq = IQ(element), let requests = inquiry?.received(iq) else { return }
    send(requests)
  }

  private func ended(_ end: ConnectionEnd) {
    var finding = AccountProber.Finding(outcome: .loggedIn)
    if inquiry == nil { finding.outcome = isLate ? .unreachable("no login within 20 s") : LoginOutcome(end) }
    if case .unreachable = end {} else { finding.address = connection?.endpoint?.description }
    finding.tls = connection?.session.tls?.version
    finding.mechanisms = connection?.session.offeredMechanisms ?? []
    finding.streamManagement = streamManagement
    finding.archive = inquiry?.archive
    finding.carbons = inquiry?.carbons
    finding.upload = inquiry?.upload
    promise.succeed(finding)
  }
}

extension AccountVisit: XMPPConnectionOwner {
  func received(_ event: XMPPConnection.Event) {
    switch event {
    case .established(.new(let info)), .established(.resumed(let info)): established(info)
    case .stanza(let element, let number): received(element, number: number)
    case .ended(let end): ended(end)
    case .acknowledged, .lost: break
    }
  }

  func turnEnded() {
    if inquiry?.isDone == true { leave() }
  }
}
