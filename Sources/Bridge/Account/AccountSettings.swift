import BridgeConfig
import Delivery
import Journal
import MQTT
import Mapping
import XMPP

/// What an account's machine is told once: its part of the configuration, and where the journal keeps its things.
struct AccountSettings: Sendable {
  /// The bridge's name, which marks its publishes.
  var bridge: String
  /// The account's own address, bare or with the resource it asks for.
  var jid: JID
  var topics: EntityTopics
  var policy: AccessPolicy
  var status: StatusSelection
  var binary: BinaryMode
  var expiry: Expiry
  /// How many stanzas may be unacknowledged by the server.
  var window = 1_000
  /// When their bytes reach this, the next has to wait. They lie in memory, in the stream's queue and once more on their way
  /// to a server that does not read.
  var windowBytes = 4 << 20
  /// What tells that `seq` may have started again.
  var epoch: UInt64
  var responder: IQResponder
  var keys: AccountKeys
  var outboundSpool: JournalSpool
  var inboundSpool: JournalSpool

  /// Whether the publishing side can be judged without a roster.
  var needsRosterToSend: Bool { policy.maySend.roster }

  /// Whether a status is published at all.
  func publishes(_ state: DeliveryStatus.State, asked: Bool) -> Bool {
    switch status {
    case .all: true
    case .asked: asked || state == .failed
    case .failed: state == .failed
    }
  }

  /// The publishes that tell a status: on the contact's topic, and where the publisher wants it.
  /// - Parameter isLasting: QoS 1 and through the journal; else QoS 0, as well as it goes.
  func publishes(of status: DeliveryStatus, origin: MessageOrigin, isLasting: Bool) -> [OutboundPublish] {
    let payload = status.json
    let qos: QoS = isLasting ? .atLeastOnce : .atMostOnce
    var properties = PublishMarks.properties(bridge: bridge)
    var publishes = [
      OutboundPublish(token: 0, topic: origin.statusTopic, payload: payload, qos: qos, properties: properties)
    ]
    if let topic = origin.responseTopic {
      properties.correlationData = origin.correlationData
      publishes.append(OutboundPublish(token: 0, topic: topic, payload: payload, qos: qos, properties: properties))
    }
    return publishes
  }

  /// The publish that tells a message.
  func publish(of event: MessageEvent, on topic: String) -> OutboundPublish {
    OutboundPublish(
      token: 0, topic: topic, payload: event.json, qos: .atLeastOnce,
      properties: PublishMarks.properties(bridge: bridge, event: event))
  }
}
