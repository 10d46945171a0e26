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

  func post(_ command: Command) {
    if commands.append(command) { wakeUp.signal() }
  }

  func drain() -> [Command] { commands.drain() }
}
