import Logging
import MQTT
import Platform

/// What all connections of a service share. Used by whoever has the turn.
final class LinkContext {
  let configuration: MQTTConfiguration
  let poller: Poller
  let connector: Connector
  let counters: MQTTCounters
  let log: Logger
  /// The version to connect with: one broker, one answer for all connections.
  var fallback: ProtocolFallback
  /// The time of the present round.
  var now = Clocks.monotonic()

  init(
    _ configuration: MQTTConfiguration, poller: Poller, connector: Connector, counters: MQTTCounters, log: Logger
  ) {
    self.configuration = configuration
    self.poller = poller
    self.connector = connector
    self.counters = counters
    self.log = log
    fallback = ProtocolFallback(preferred: configuration.version)
  }
}
