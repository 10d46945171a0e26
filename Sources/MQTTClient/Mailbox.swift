import MQTT
import Platform

/// What other threads want of the MQTT thread.
enum Command: Sendable {
  case addInbound(MQTTInboundID, MQTTInbound, any MQTTInboundHandler)
  case changeSubscriptions(MQTTInboundID, [MQTTSubscription])
  case removeInbound(MQTTInboundID, endingSession: Bool)
  case suspendInbound(MQTTInboundID)
  case resumeInbound(MQTTInboundID)
  case release(MQTTInboundID, upTo: UInt64)
  case pause(MQTTInboundID)
  case publish([OutboundPublish], any MQTTOutboundHandler)
  case setRetained([RetainedState], (any MQTTOutboundHandler)?)
  case connected(Connector.Outcome)
  case stop(within: Duration, done: @Sendable (Bool) -> Void)
  /// The service object is gone: end at once.
  case abandon
}

/// The way to the MQTT thread.
final class Mailbox: Sendable {
  private let commands = Inbox<Command>()
  let wakeUp: WakeUp

  init() throws(SystemError) { wakeUp = try WakeUp() }

  /// The epoll token of the wake-up.
  static let wakeUpToken = UInt64.max

  func post(_ command: Command) {
    if append(command) { wakeUp.signal() }
  }

  /// Leaves an order; true if it is the first that waits: then it is for the caller to see that somebody looks.
  func append(_ command: Command) -> Bool { commands.append(command) }

  func drain() -> [Command] { commands.drain() }
}
