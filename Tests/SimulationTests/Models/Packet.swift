import MQTT

/// A message on the MQTT side, by its name.
struct Parcel {
  var name: String
  var topic: String
  var payload: [UInt8]
  var qos: QoS
}

/// What goes over an MQTT connection.
enum Packet {
  case connect
  case connack(sessionPresent: Bool)
  case subscribe
  case suback
  case publish(id: UInt16, Parcel)
  case puback(id: UInt16)
}
