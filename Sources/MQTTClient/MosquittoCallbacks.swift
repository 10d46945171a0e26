import CMosquitto
import Glibc
import MQTT

// What the library calls, always from inside a call that `MosquittoHandle` made. The user data is that handle, unretained:
// it outlives the `mosquitto *` it owns. Pointers are good only until the callback returns.

typealias ConnectCallback =
  @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?, Int32, Int32, OpaquePointer?) -> Void

private func handle(_ userData: UnsafeMutableRawPointer?) -> MosquittoHandle? {
  guard let userData = unsafe userData else { return nil }
  return unsafe Unmanaged<MosquittoHandle>.fromOpaque(userData).takeUnretainedValue()
}

let onConnect: ConnectCallback = { _, userData, code, flags, properties in
  guard let handle = unsafe handle(userData) else { return }
  handle.news += 1
  let raw = UInt8(truncatingIfNeeded: code)
  var acceptance = MosquittoHandle.Acceptance(
    sessionPresent: flags & 1 != 0,
    code: raw < 0x80 ? ReasonCode(connectReturnCode: raw) : ReasonCode(rawValue: raw))
  if let properties = unsafe properties {
    var short: UInt16 = 0
    var long: UInt32 = 0
    var byte: UInt8 = 0
    if unsafe mosquitto_property_read_int16(properties, propertyID(MQTT_PROP_SERVER_KEEP_ALIVE), &short, false) != nil {
      acceptance.serverKeepAlive = short
    }
    if unsafe mosquitto_property_read_int16(properties, propertyID(MQTT_PROP_RECEIVE_MAXIMUM), &short, false) != nil {
      acceptance.limits.receiveMaximum = Int(short)
    }
    if unsafe mosquitto_property_read_int32(properties, propertyID(MQTT_PROP_MAXIMUM_PACKET_SIZE), &long, false) != nil
    {
      acceptance.maximumPacketSize = long
    }
    if unsafe mosquitto_property_read_byte(properties, propertyID(MQTT_PROP_MAXIMUM_QOS), &byte, false) != nil {
      acceptance.limits.maximumQoS = QoS(rawValue: byte) ?? .exactlyOnce
    }
    if unsafe mosquitto_property_read_byte(
      properties, propertyID(MQTT_PROP_SUBSCRIPTION_ID_AVAILABLE), &byte, false) != nil
    {
      acceptance.hasSubscriptionIdentifiers = byte != 0
    }
    if unsafe mosquitto_property_read_byte(properties, propertyID(MQTT_PROP_RETAIN_AVAILABLE), &byte, false) != nil {
      acceptance.keepsRetained = byte != 0
    }
  }
  handle.acceptance = acceptance
}

let onDisconnect: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?, Int32, OpaquePointer?) -> Void = {
  _, userData, code, _ in
  guard let handle = unsafe handle(userData) else { return }
  handle.news += 1
  // Codes of the library's own are small numbers; those of a DISCONNECT from the broker begin at 0x80.
  if code >= 0x80 { handle.dismissal = ReasonCode(rawValue: UInt8(truncatingIfNeeded: code)) }
}

let onMessage:
  @convention(c) (
    OpaquePointer?, UnsafeMutableRawPointer?, UnsafePointer<mosquitto_message>?, OpaquePointer?
  ) -> Void = { _, userData, message, properties in
    guard let handle = unsafe handle(userData), let message = unsafe message else { return }
    handle.news += 1
    unsafe handle.take(message.pointee, properties)
  }

let onPublish: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?, Int32, Int32, OpaquePointer?) -> Void = {
  _, userData, packetID, code, _ in
  guard let handle = unsafe handle(userData) else { return }
  handle.news += 1
  handle.confirmations.append(
    (UInt16(truncatingIfNeeded: packetID), ReasonCode(rawValue: UInt8(truncatingIfNeeded: code))))
}

let onSubscribe:
  @convention(c) (
    OpaquePointer?, UnsafeMutableRawPointer?, Int32, Int32, UnsafePointer<Int32>?, OpaquePointer?
  ) -> Void = { _, userData, packetID, count, codes, _ in
    guard let handle = unsafe handle(userData) else { return }
    handle.news += 1
    let code = count > 0 ? unsafe codes.map { unsafe $0[0] } : nil
    handle.subscriptionAnswers.append(
      .init(packetID: packetID, code: code.map { ReasonCode(rawValue: UInt8(truncatingIfNeeded: $0)) }))
  }

let onUnsubscribe: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?, Int32, OpaquePointer?) -> Void = {
  _, userData, packetID, _ in
  guard let handle = unsafe handle(userData) else { return }
  handle.news += 1
  handle.subscriptionAnswers.append(.init(packetID: packetID, code: nil))
}

let onLog: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?, Int32, UnsafePointer<CChar>?) -> Void = {
  _, userData, _, text in
  guard let handle = unsafe handle(userData), let text = unsafe text else { return }
  handle.logged(unsafe String(cString: text))
}

extension MosquittoHandle {
  /// Copies a delivery out of the library's memory.
  func take(_ message: mosquitto_message, _ properties: OpaquePointer?) {
    let topic = unsafe UnsafeRawBufferPointer(start: message.topic, count: strlen(message.topic))
    let payload = unsafe UnsafeRawBufferPointer(start: message.payload, count: Int(message.payloadlen))
    received.append(
      unsafe InboundPublish(
        index: nextIndex, packetID: UInt16(truncatingIfNeeded: message.mid), topic: strings.string(topic),
        payload: Array(payload), qos: QoS(rawValue: UInt8(truncatingIfNeeded: message.qos)) ?? .atLeastOnce,
        retain: message.retain, properties: readProperties(properties)))
    nextIndex += 1
  }
}
