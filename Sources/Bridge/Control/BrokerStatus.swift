import MQTT
import Mapping

/// How the shared out connection to the broker stands.
struct BrokerStatus: Sendable, Equatable {
  /// Whether the broker has accepted it.
  var isUp = false
  /// Since when, in milliseconds since 1970.
  var since: Int64
  /// The version in use, if it is up.
  var version: MQTTVersion?
  /// Why it is not up, if an attempt was made.
  var reason: String?

  /// Takes note of news. `since` is kept by another attempt that failed: the absence is the same.
  mutating func become(_ next: BrokerStatus) {
    let isSame = isUp == next.isUp
    let before = since
    self = next
    if isSame { since = before }
  }

  /// Adds the members `state`, `since`, `protocol` and `reason` to an open object.
  func write(into writer: inout JSONWriter) {
    writer.member("state", isUp ? "online" : "offline")
    writer.member("since", time: since)
    writer.member("protocol", version?.description)
    writer.member("reason", reason)
  }
}
