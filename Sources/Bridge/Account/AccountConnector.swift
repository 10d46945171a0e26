import XMPP
import XMPPClient

/// When an account connects: the reconnect policy, and the machine's word that everything taken in is on disk.
struct AccountConnector {
  private var policy = ReconnectPolicy()
  private var notBefore: Duration = .zero
  /// The `h` that a resumption may say; nil until the machine has said so since the last connection.
  private var inbound: UInt64?
  private var onlineSince: Duration?
  private var isOver = false
  /// How long the wait is that was decided last; nil: no other attempt is made.
  private(set) var retryIn: Duration?

  /// Everything that was taken in is on disk.
  mutating func mayConnect(inbound: UInt64) { if !isOver { self.inbound = inbound } }

  /// When to look again.
  var deadline: Duration? { inbound == nil ? nil : notBefore }

  /// The `h` to connect with, if it is time to; asked for once.
  mutating func takeDue(now: Duration) -> UInt64? {
    guard let inbound, now >= notBefore else { return nil }
    self.inbound = nil
    return inbound
  }

  /// A stream is up.
  mutating func established(now: Duration) { onlineSince = now }

  /// The connection ended, or none came about.
  /// - Parameter random: what the length of the wait is drawn with, from 0 up to, but not including, 1.
  mutating func ended(_ end: ConnectionEnd, now: Duration, random: Double = .random(in: 0..<1)) {
    let lived = onlineSince.map { now - $0 }
    onlineSince = nil
    retryIn = policy.delay(after: end, lived: lived, random: random)
    notBefore = now + (retryIn ?? .zero)
  }

  /// No other connection is wanted, ever.
  mutating func close() {
    isOver = true
    inbound = nil
  }
}
