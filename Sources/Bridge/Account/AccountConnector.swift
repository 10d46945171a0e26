import XMPP
import XMPPClient

/// When an account connects: the reconnect policy, the machine's word that everything taken in is on disk, and the
/// account's turn among all that log in at its server.
struct AccountConnector {
  private var policy = ReconnectPolicy()
  private var notBefore: Duration = .zero
  /// The `h` that a resumption may say; nil until the machine has said so since the last connection.
  private var inbound: UInt64?
  private var onlineSince: Duration?
  private let takeTurn: () -> LoginQueue.Turn
  /// From when it is time to connect until the account is logged in, or the attempt has failed.
  private var turn: LoginQueue.Turn?
  private var isOver = false
  /// How long the wait is that was decided last; nil: no other attempt is made.
  private(set) var retryIn: Duration?

  /// - Parameter takeTurn: gets in line; when the turn comes, it is time to look again.
  init(takeTurn: @escaping () -> LoginQueue.Turn) { self.takeTurn = takeTurn }

  /// Everything that was taken in is on disk.
  mutating func mayConnect(inbound: UInt64) { if !isOver { self.inbound = inbound } }

  /// When to look again; nil also while the turn is waited for.
  var deadline: Duration? { inbound == nil || turn != nil ? nil : notBefore }

  /// The `h` to connect with, if it is time to and the account's turn; asked for once.
  mutating func takeDue(now: Duration) -> UInt64? {
    guard let inbound, now >= notBefore else { return nil }
    let turn = self.turn ?? takeTurn()
    self.turn = turn
    guard turn.hasCome else { return nil }
    self.inbound = nil
    return inbound
  }

  /// A stream is up.
  mutating func established(now: Duration) {
    turn = nil
    onlineSince = now
  }

  /// The connection ended, or none came about.
  /// - Parameter random: what the length of the wait is drawn with, from 0 up to, but not including, 1.
  mutating func ended(_ end: ConnectionEnd, now: Duration, random: Double = .random(in: 0..<1)) {
    turn = nil
    let lived = onlineSince.map { now - $0 }
    onlineSince = nil
    retryIn = policy.delay(after: end, lived: lived, random: random)
    notBefore = now + (retryIn ?? .zero)
  }

  /// No other connection is wanted, ever.
  mutating func close() {
    isOver = true
    (inbound, turn) = (nil, nil)
  }
}
