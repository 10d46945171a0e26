import CMosquitto
import MQTT

/// A header in the form that the library takes.
enum MosquittoHeader {
  /// Lends the header's topic as a C string and its properties as a list of the library's, which is nil if there are none.
  /// A property that the library does not take (too long, a character that MQTT forbids) is left out: it is an ornament, and
  /// the message matters more.
  /// - Parameters:
  ///   - messageExpiry: takes the place of the header's.
  ///   - version: the list is empty unless it is 5.
  ///   - body: may keep the list, and then sets it to nil.
  static func lend<Result>(
    _ header: PublishHeader, messageExpiry: UInt32? = nil, version: MQTTVersion,
    _ body: (_ topic: UnsafePointer<CChar>, _ list: inout OpaquePointer?) -> Result
  ) -> Result {
    let count = header.bytes.count
    return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: count + 1) { room in
      // The library wants C strings. No two strings of the record adjoin, so that in a copy of it each can have its NUL.
      let copy = room.baseAddress!
      unsafe header.bytes.withUnsafeBytes { bytes in
        unsafe UnsafeMutableRawPointer(copy).copyMemory(from: bytes.baseAddress!, byteCount: count)
      }
      let parts = header.parts
      var list: OpaquePointer?
      defer { unsafe mosquitto_property_free_all(&list) }
      if version == .v5 { unsafe add(parts, of: header, messageExpiry, in: copy, to: &list) }
      return unsafe body(string(parts.topic, in: copy), &list)
    }
  }

  private static func add(
    _ parts: PublishHeader.Parts, of header: PublishHeader, _ messageExpiry: UInt32?,
    in copy: UnsafeMutablePointer<CChar>,
    to list: inout OpaquePointer?
  ) {
    if let type = parts.contentType {
      _ = unsafe mosquitto_property_add_string(&list, propertyID(MQTT_PROP_CONTENT_TYPE), string(type, in: copy))
    }
    if parts.payloadFormatUTF8 {
      _ = unsafe mosquitto_property_add_byte(&list, propertyID(MQTT_PROP_PAYLOAD_FORMAT_INDICATOR), 1)
    }
    if let expiry = messageExpiry ?? parts.messageExpiry {
      _ = unsafe mosquitto_property_add_int32(&list, propertyID(MQTT_PROP_MESSAGE_EXPIRY_INTERVAL), expiry)
    }
    if let topic = parts.responseTopic {
      _ = unsafe mosquitto_property_add_string(&list, propertyID(MQTT_PROP_RESPONSE_TOPIC), string(topic, in: copy))
    }
    if let data = parts.correlationData, let count = UInt16(exactly: data.count) {
      _ = unsafe mosquitto_property_add_binary(
        &list, propertyID(MQTT_PROP_CORRELATION_DATA), copy + data.lowerBound, count)
    }
    header.forEachUserProperty(of: parts) { name, value in
      _ = unsafe mosquitto_property_add_string_pair(
        &list, propertyID(MQTT_PROP_USER_PROPERTY), string(name, in: copy), string(value, in: copy))
    }
  }

  private static func string(_ range: Range<Int>, in copy: UnsafeMutablePointer<CChar>) -> UnsafePointer<CChar> {
    unsafe copy[range.upperBound] = 0
    return unsafe UnsafePointer(copy + range.lowerBound)
  }
}
