import CMosquitto
import Glibc
import MQTT

/// The number of a property as the library's functions take it.
func propertyID(_ property: mqtt5_property) -> Int32 { Int32(property.rawValue) }

extension MosquittoHandle {
  /// Copies the properties of a delivery. What repeats from message to message is not allocated anew.
  func readProperties(_ list: OpaquePointer?) -> PublishProperties {
    var properties = PublishProperties()
    identifiers.removeAll(keepingCapacity: true)
    var next = unsafe list
    while let property = unsafe next {
      let id = unsafe mosquitto_property_identifier(property)
      switch mqtt5_property(rawValue: mqtt5_property.RawValue(truncatingIfNeeded: id)) {
      case MQTT_PROP_SUBSCRIPTION_IDENTIFIER:
        var value: UInt32 = 0
        _ = unsafe mosquitto_property_read_varint(property, id, &value, false)
        identifiers.append(value)
      case MQTT_PROP_CONTENT_TYPE: properties.contentType = unsafe readString(property, id)
      case MQTT_PROP_RESPONSE_TOPIC: properties.responseTopic = unsafe readString(property, id)
      case MQTT_PROP_PAYLOAD_FORMAT_INDICATOR:
        var value: UInt8 = 0
        _ = unsafe mosquitto_property_read_byte(property, id, &value, false)
        properties.payloadFormatUTF8 = value == 1
      case MQTT_PROP_MESSAGE_EXPIRY_INTERVAL:
        var value: UInt32 = 0
        _ = unsafe mosquitto_property_read_int32(property, id, &value, false)
        properties.messageExpiry = value
      case MQTT_PROP_CORRELATION_DATA: properties.correlationData = unsafe readBinary(property, id)
      case MQTT_PROP_USER_PROPERTY:
        if let pair = unsafe readPair(property, id) { properties.userProperties.append(pair) }
      default: break
      }
      unsafe next = mosquitto_property_next(property)
    }
    if identifiers != lastIdentifiers { lastIdentifiers = Array(identifiers) }
    properties.subscriptionIdentifiers = lastIdentifiers
    return properties
  }

  private func readString(_ property: OpaquePointer, _ id: Int32) -> String? {
    var text: UnsafeMutablePointer<CChar>?
    guard unsafe mosquitto_property_read_string(property, id, &text, false) != nil, let text = unsafe text else {
      return nil
    }
    defer { unsafe free(text) }
    return unsafe string(text)
  }

  private func readPair(_ property: OpaquePointer, _ id: Int32) -> UserProperty? {
    var name: UnsafeMutablePointer<CChar>?
    var value: UnsafeMutablePointer<CChar>?
    guard unsafe mosquitto_property_read_string_pair(property, id, &name, &value, false) != nil,
      let name = unsafe name, let value = unsafe value
    else { return nil }
    defer {
      unsafe free(name)
      unsafe free(value)
    }
    return unsafe UserProperty(name: string(name), value: string(value))
  }

  private func readBinary(_ property: OpaquePointer, _ id: Int32) -> [UInt8]? {
    var bytes: UnsafeMutableRawPointer?
    var count: UInt16 = 0
    guard unsafe mosquitto_property_read_binary(property, id, &bytes, &count, false) != nil else { return nil }
    defer { unsafe free(bytes) }
    return unsafe Array(UnsafeRawBufferPointer(start: bytes, count: Int(count)))
  }

  private func string(_ text: UnsafeMutablePointer<CChar>) -> String {
    unsafe strings.string(UnsafeRawBufferPointer(start: text, count: strlen(text)))
  }
}
