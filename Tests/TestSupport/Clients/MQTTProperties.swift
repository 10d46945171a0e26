import CMosquitto
import Glibc

/// Translation between `MQTTMessage.Properties` and libmosquitto's property lists.
enum MQTTProperties {
  /// Calls `body` with the list for these properties; nil if there are none, as MQTT 3.1.1 needs it.
  static func withList<T>(_ properties: MQTTMessage.Properties, _ body: (OpaquePointer?) -> T) -> T {
    var list: OpaquePointer?
    defer { mosquitto_property_free_all(&list) }
    if properties.isUTF8 { mosquitto_property_add_byte(&list, id(MQTT_PROP_PAYLOAD_FORMAT_INDICATOR), 1) }
    if let seconds = properties.expiry {
      mosquitto_property_add_int32(&list, id(MQTT_PROP_MESSAGE_EXPIRY_INTERVAL), seconds)
    }
    if let type = properties.contentType { mosquitto_property_add_string(&list, id(MQTT_PROP_CONTENT_TYPE), type) }
    if let topic = properties.responseTopic {
      mosquitto_property_add_string(&list, id(MQTT_PROP_RESPONSE_TOPIC), topic)
    }
    if let data = properties.correlationData {
      mosquitto_property_add_binary(&list, id(MQTT_PROP_CORRELATION_DATA), data, UInt16(data.count))
    }
    for property in properties.user {
      mosquitto_property_add_string_pair(&list, id(MQTT_PROP_USER_PROPERTY), property.name, property.value)
    }
    return body(list)
  }

  /// Reads a received list, which may be nil.
  static func read(_ list: OpaquePointer?) -> MQTTMessage.Properties {
    var properties = MQTTMessage.Properties()
    guard let list else { return properties }
    var flag: UInt8 = 0
    if mosquitto_property_read_byte(list, id(MQTT_PROP_PAYLOAD_FORMAT_INDICATOR), &flag, false) != nil {
      properties.isUTF8 = flag == 1
    }
    var seconds: UInt32 = 0
    if mosquitto_property_read_int32(list, id(MQTT_PROP_MESSAGE_EXPIRY_INTERVAL), &seconds, false) != nil {
      properties.expiry = seconds
    }
    properties.contentType = string(list, MQTT_PROP_CONTENT_TYPE)
    properties.responseTopic = string(list, MQTT_PROP_RESPONSE_TOPIC)
    properties.correlationData = binary(list, MQTT_PROP_CORRELATION_DATA)
    properties.user = userProperties(list)
    properties.subscriptionIdentifiers = subscriptionIdentifiers(list)
    return properties
  }

  static func id(_ property: mqtt5_property) -> CInt { CInt(property.rawValue) }

  private static func string(_ list: OpaquePointer, _ property: mqtt5_property) -> String? {
    var text: UnsafeMutablePointer<CChar>?
    defer { free(text) }
    guard mosquitto_property_read_string(list, id(property), &text, false) != nil, let text else { return nil }
    return String(cString: text)
  }

  private static func binary(_ list: OpaquePointer, _ property: mqtt5_property) -> [UInt8]? {
    var data: UnsafeMutableRawPointer?
    var count: UInt16 = 0
    defer { free(data) }
    guard mosquitto_property_read_binary(list, id(property), &data, &count, false) != nil else { return nil }
    return Array(UnsafeRawBufferPointer(start: data, count: Int(count)))
  }

  private static func userProperties(_ list: OpaquePointer) -> [MQTTMessage.UserProperty] {
    var properties: [MQTTMessage.UserProperty] = []
    var next: OpaquePointer? = list
    while let current = next {
      var name: UnsafeMutablePointer<CChar>?
      var value: UnsafeMutablePointer<CChar>?
      defer {
        free(name)
        free(value)
      }
      next = mosquitto_property_read_string_pair(
        current, id(MQTT_PROP_USER_PROPERTY), &name, &value, !properties.isEmpty)
      if next != nil, let name, let value { properties.append(.init(String(cString: name), String(cString: value))) }
    }
    return properties
  }

  private static func subscriptionIdentifiers(_ list: OpaquePointer) -> [UInt32] {
    var identifiers: [UInt32] = []
    var next: OpaquePointer? = list
    while let current = next {
      var identifier: UInt32 = 0
      next = mosquitto_property_read_varint(
        current, id(MQTT_PROP_SUBSCRIPTION_IDENTIFIER), &identifier, !identifiers.isEmpty)
      if next != nil { identifiers.append(identifier) }
    }
    return identifiers
  }
}
