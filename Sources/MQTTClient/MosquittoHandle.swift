import CMosquitto
import Glibc
import MQTT
import Platform

/// Owns one `mosquitto *` for the life of one connection. A new connection takes a new handle: the library carries state
/// from one connection to the next that our own windows keep better.
///
/// Not safe for concurrent use: the connector has it until the connection is made, the MQTT thread from then on. The
/// library's callbacks run inside the calls below and only collect; nothing reacts before the call has returned.
@safe final class MosquittoHandle {
  /// What is fixed before a connection is made.
  struct Options {
    var clientID: String
    var cleanStart: Bool
    var version: MQTTVersion
    var sessionExpiry: UInt32?
    var will: MQTTConfiguration.Will?
    /// Index of the first message that it reads.
    var firstIndex: UInt64 = 1
  }

  /// What a CONNACK said.
  struct Acceptance {
    var sessionPresent: Bool
    var code: ReasonCode
    var serverKeepAlive: UInt16?
    var limits = PublishWindow.Limits()
    var maximumPacketSize: UInt32?
    var hasSubscriptionIdentifiers = true
    var keepsRetained = true
  }

  /// The broker's answer to a SUBSCRIBE (one code) or UNSUBSCRIBE (none).
  struct SubscriptionAnswer {
    var packetID: Int32
    var code: ReasonCode?
  }

  /// How handing over a publish went.
  enum PublishStart {
    case sent(packetID: UInt16)
    case refused(String)
    case failed(MQTTDisconnectReason)
  }

  let version: MQTTVersion
  private let configuration: MQTTConfiguration
  private let sessionExpiry: UInt32?
  private let pointer: OpaquePointer

  // Collected by the callbacks.
  var acceptance: Acceptance?
  var received: [InboundPublish] = []
  var confirmations: [(packetID: UInt16, code: ReasonCode)] = []
  var subscriptionAnswers: [SubscriptionAnswer] = []
  /// DISCONNECT came, with this code.
  var dismissal: ReasonCode?
  /// Counts the callbacks: a read that does not move it has delivered nothing.
  var news = 0
  /// What the library had to say about TLS.
  var tlsTexts: [String] = []
  /// Index of the next message.
  var nextIndex: UInt64
  var strings = StringCache()
  /// The Subscription Identifiers of the last delivery, which the next one usually has too, and room to read them into.
  var lastIdentifiers: [UInt32] = []
  var identifiers: [UInt32] = []

  private static let initialised: CInt = mosquitto_lib_init()

  /// Makes a handle; throws what is wrong with the configuration.
  init(_ configuration: MQTTConfiguration, _ options: Options) throws(MQTTDisconnectReason) {
    guard Self.initialised == 0, let pointer = unsafe mosquitto_new(options.clientID, options.cleanStart, nil) else {
      throw .system("libmosquitto cannot make a client: \(SystemError.text(errno))")
    }
    unsafe self.pointer = unsafe pointer
    self.configuration = configuration
    version = options.version
    sessionExpiry = options.sessionExpiry
    nextIndex = options.firstIndex
    unsafe mosquitto_user_data_set(pointer, Unmanaged.passUnretained(self).toOpaque())
    setCallbacks()
    // Without it the library would write PUBACK before it hands over the message.
    unsafe mosquitto_threaded_set(pointer, true)
    set(MOSQ_OPT_PROTOCOL_VERSION, Int32(options.version.rawValue))
    set(MOSQ_OPT_TCP_NODELAY, 1)
    set(MOSQ_OPT_RECEIVE_MAXIMUM, Int32(max(1, configuration.receiveMaximum)))
    set(MOSQ_OPT_SEND_MAXIMUM, Int32(configuration.window))
    if let username = configuration.username {
      unsafe mosquitto_username_pw_set(pointer, username, configuration.password)
    }
    if case .tls(_, _, let tls) = configuration.endpoint { try set(tls) }
    if let will = options.will { try set(will) }
  }

  deinit { unsafe mosquitto_destroy(pointer) }

  // MARK: Setting up

  private func set(_ option: mosq_opt_t, _ value: Int32) {
    _ = unsafe mosquitto_int_option(pointer, option, value)
  }

  private func setCallbacks() {
    unsafe mosquitto_connect_v5_callback_set(pointer, onConnect)
    unsafe mosquitto_disconnect_v5_callback_set(pointer, onDisconnect)
    unsafe mosquitto_message_v5_callback_set(pointer, onMessage)
    unsafe mosquitto_publish_v5_callback_set(pointer, onPublish)
    unsafe mosquitto_subscribe_v5_callback_set(pointer, onSubscribe)
    unsafe mosquitto_unsubscribe_v5_callback_set(pointer, onUnsubscribe)
  }

  private func set(_ tls: MQTTConfiguration.TLS) throws(MQTTDisconnectReason) {
    for path in [tls.caFile, tls.clientCertificateFile, tls.clientKeyFile] {
      guard let path, unsafe access(path, R_OK) != 0 else { continue }
      throw .tls("cannot read \(path): \(SystemError.text(errno))")
    }
    if tls.caFile == nil { set(MOSQ_OPT_TLS_USE_OS_CERTS, 1) }
    // The library wants a place to look for roots even where it has been told to use the system's.
    let systemRoots = tls.caFile == nil ? "/etc/ssl/certs" : nil
    let code = unsafe mosquitto_tls_set(
      pointer, tls.caFile, systemRoots, tls.clientCertificateFile, tls.clientKeyFile, nil)
    guard code == 0 else { throw .tls("libmosquitto refuses the TLS files: \(Self.text(code))") }
    // Only while a connection is made: formatting a line for every packet costs more than handling the packet.
    unsafe mosquitto_log_callback_set(pointer, onLog)
  }

  private func set(_ will: MQTTConfiguration.Will) throws(MQTTDisconnectReason) {
    let qos = QoS.atLeastOnce
    let header = PublishHeader(topic: will.topic, qos: qos, retain: true, properties: will.properties)
    let code = unsafe MosquittoHeader.lend(header, version: version) { topic, list in
      let code = unsafe will.payload.withUnsafeBytes { payload in
        unsafe mosquitto_will_set_v5(
          pointer, topic, Int32(payload.count), payload.baseAddress, Int32(qos.rawValue), true, list)
      }
      // On success the list is the library's.
      if code == 0 { unsafe list = nil }
      return code
    }
    guard code != 0 else { return }
    throw .system("libmosquitto refuses the will: \(Self.text(code))")
  }

  // MARK: Connecting

  /// Resolves, connects and queues CONNECT. Blocks; nothing is written.
  /// - Parameter bindAddress: the wildcard address of the family to use; nil: any.
  /// - Returns: why it failed, nil if it did not.
  func connect(bindAddress: String?) -> MQTTDisconnectReason? {
    let (host, port) =
      switch configuration.endpoint {
      case .tcp(let host, let port), .tls(let host, let port, _): (host, Int32(port))
      case .unix(let path): (path, 0 as Int32)
      }
    var list: OpaquePointer?
    if version == .v5, let sessionExpiry {
      _ = unsafe mosquitto_property_add_int32(&list, Int32(MQTT_PROP_SESSION_EXPIRY_INTERVAL.rawValue), sessionExpiry)
    }
    defer { unsafe mosquitto_property_free_all(&list) }
    let keepalive = Int32(configuration.keepalive.components.seconds)
    errno = 0
    let code = unsafe mosquitto_connect_bind_v5(pointer, host, port, keepalive, bindAddress, list)
    let number = errno
    switch code {
    case 0: return nil
    case Int32(MOSQ_ERR_EAI.rawValue): return .unreachable("\(host): \(unsafe String(cString: gai_strerror(number)))")
    case Int32(MOSQ_ERR_ERRNO.rawValue) where number != EPROTO: return .unreachable(SystemError.text(number))
    case Int32(MOSQ_ERR_INVAL.rawValue): return .system("libmosquitto refuses the address or the keepalive")
    default: return reason(code, number)
    }
  }

  /// The CONNACK is here: from now on the library has nothing to tell.
  func opened() {
    tlsTexts.removeAll()
    unsafe mosquitto_log_callback_set(pointer, nil)
  }

  /// The descriptor; negative without a connection.
  var socket: CInt { unsafe mosquitto_socket(pointer) }

  /// Whether packets wait to be written. False during a TLS handshake, though CONNECT waits behind it.
  var wantsWrite: Bool { unsafe mosquitto_want_write(pointer) }

  /// Whether input waits that no poll of the descriptor tells about.
  var hasBufferedInput: Bool { unsafe cmosquitto_has_buffered_input(pointer) }

  /// Reads a packet, or what there is of it; over TLS perhaps several.
  /// - Returns: why the connection is gone, nil if it is not.
  func read() -> MQTTDisconnectReason? {
    errno = 0
    return check(unsafe mosquitto_loop_read(pointer, 1))
  }

  /// Writes everything that is queued, as far as the socket takes it.
  /// - Parameter inBulk: several packets are queued. The library writes each by itself, and without a cork each would be a
  ///   segment, with all that the system does for one.
  /// - Returns: why the connection is gone, nil if it is not.
  func write(inBulk: Bool) -> MQTTDisconnectReason? {
    if inBulk { setCork(1) }
    errno = 0
    let failure = check(unsafe mosquitto_loop_write(pointer, 1))
    if inBulk { setCork(0) }
    return failure
  }

  /// Does nothing to a socket that is none of TCP.
  private func setCork(_ value: CInt) { setOption(CInt(IPPROTO_TCP), TCP_CORK, value) }

  /// Has TCP say at once what has arrived.
  func acknowledgeBytes() { setOption(CInt(IPPROTO_TCP), TCP_QUICKACK, 1) }

  /// The socket counts as readable when so many bytes have arrived.
  func setLowWaterMark(_ bytes: Int) { setOption(SOL_SOCKET, SO_RCVLOWAT, CInt(bytes)) }

  private func setOption(_ level: CInt, _ option: CInt, _ value: CInt) {
    var value = value
    _ = unsafe setsockopt(socket, level, option, &value, socklen_t(MemoryLayout<CInt>.size))
  }

  /// Queues PINGREQ if it is time.
  /// - Returns: why the connection is gone, nil if it is not.
  func keepAlive() -> MQTTDisconnectReason? {
    check(unsafe mosquitto_loop_misc(pointer))
  }

  // MARK: Packets

  /// Queues a publish.
  func publish(_ publish: OutboundPublish) -> PublishStart {
    var packetID: Int32 = 0
    let header = publish.header
    let code = unsafe MosquittoHeader.lend(header, messageExpiry: publish.messageExpiry, version: version) {
      topic, list in
      unsafe publish.payload.withUnsafeBytes { payload in
        unsafe mosquitto_publish_v5(
          pointer, &packetID, topic, Int32(clamping: payload.count), payload.baseAddress, Int32(publish.qos.rawValue),
          header.retain, list)
      }
    }
    switch mosq_err_t(rawValue: mosq_err_t.RawValue(code)) {
    case MOSQ_ERR_SUCCESS: return .sent(packetID: UInt16(truncatingIfNeeded: packetID))
    case MOSQ_ERR_NO_CONN, MOSQ_ERR_CONN_LOST, MOSQ_ERR_ERRNO, MOSQ_ERR_NOMEM: return .failed(reason(code, errno))
    case MOSQ_ERR_PAYLOAD_SIZE, MOSQ_ERR_OVERSIZE_PACKET:
      return .refused("the message is larger than the broker takes")
    case MOSQ_ERR_RETAIN_NOT_SUPPORTED: return .refused("the broker does not keep retained messages")
    case MOSQ_ERR_QOS_NOT_SUPPORTED: return .refused("the broker does not support QoS \(publish.qos.rawValue)")
    default: return .refused("libmosquitto refuses the publish: \(Self.text(code))")
    }
  }

  /// Queues SUBSCRIBE for one filter; returns its packet identifier.
  /// - Parameter identifier: the Subscription Identifier, for MQTT 5 only.
  func subscribe(_ filter: String, qos: QoS, identifier: UInt32?) -> Int32? {
    var list: OpaquePointer?
    defer { unsafe mosquitto_property_free_all(&list) }
    if let identifier {
      _ = unsafe mosquitto_property_add_varint(&list, Int32(MQTT_PROP_SUBSCRIPTION_IDENTIFIER.rawValue), identifier)
    }
    // Retain Handling 1: retained values come with a new subscription, not with a repeated one.
    let options = version == .v5 ? Int32(MQTT_SUB_OPT_SEND_RETAIN_NEW.rawValue) : 0
    var packetID: Int32 = 0
    let code = unsafe mosquitto_subscribe_v5(pointer, &packetID, filter, Int32(qos.rawValue), options, list)
    return code == 0 ? packetID : nil
  }

  /// Queues UNSUBSCRIBE for one filter; returns its packet identifier.
  func unsubscribe(_ filter: String) -> Int32? {
    var packetID: Int32 = 0
    return unsafe mosquitto_unsubscribe_v5(pointer, &packetID, filter, nil) == 0 ? packetID : nil
  }

  /// Queues DISCONNECT: the will is forgotten and, if so wished, the session (MQTT 5).
  func disconnect(endingSession: Bool) {
    var list: OpaquePointer?
    defer { unsafe mosquitto_property_free_all(&list) }
    if endingSession, version == .v5 {
      _ = unsafe mosquitto_property_add_int32(&list, Int32(MQTT_PROP_SESSION_EXPIRY_INTERVAL.rawValue), 0)
    }
    _ = unsafe mosquitto_disconnect_v5(pointer, 0, list)
  }

  // MARK: Errors

  private func check(_ code: Int32) -> MQTTDisconnectReason? {
    let number = errno
    if code == 0, socket >= 0 { return nil }
    return reason(code, number)
  }

  private func reason(_ code: Int32, _ number: Int32) -> MQTTDisconnectReason {
    if let acceptance, acceptance.code.isError { return MQTTDisconnectReason(connectRefusal: acceptance.code) }
    if let dismissal { return .closedByBroker(dismissal) }
    // Texts are taken down only until the CONNACK; `errno` may have changed while the library cleaned up.
    if let text = tlsTexts.last { return .tls(text) }
    switch mosq_err_t(rawValue: mosq_err_t.RawValue(truncatingIfNeeded: code)) {
    case MOSQ_ERR_SUCCESS, MOSQ_ERR_CONN_LOST, MOSQ_ERR_NO_CONN: return .closedByPeer
    case MOSQ_ERR_KEEPALIVE: return .keepaliveExpired
    case MOSQ_ERR_TLS, MOSQ_ERR_TLS_HANDSHAKE: return .tls("the handshake failed")
    case MOSQ_ERR_ERRNO:
      switch number {
      case EPROTO where acceptance == nil:
        return .tls("the broker ended the session at the handshake; perhaps it wants a client certificate")
      case EPROTO: return .tls("the session failed")
      case ECONNRESET, EPIPE, ENOTCONN, 0: return .closedByPeer
      case ETIMEDOUT, EHOSTUNREACH, ENETUNREACH, ENETDOWN: return .unreachable(SystemError.text(number))
      default: return .system(SystemError.text(number))
      }
    case MOSQ_ERR_NOMEM: return .system("out of memory")
    default: return .protocolViolation(Self.text(code))
    }
  }

  private static func text(_ code: Int32) -> String { unsafe String(cString: mosquitto_strerror(code)) }

  /// Takes down what the library says, while it can still be asked what it thinks of the certificate.
  func logged(_ line: String) {
    guard line.contains("OpenSSL Error") || line.contains("Error") else { return }
    let isCertificate = line.contains("certificate verify failed")
    if isCertificate, let why = unsafe cmosquitto_verification_failure(pointer) {
      return tlsTexts.append("the broker's certificate is not trusted: \(unsafe String(cString: why))")
    }
    if isCertificate, case .tls(let host, _, _) = configuration.endpoint {
      return tlsTexts.append("the broker's certificate is not for \(host)")
    }
    let text = line.split(separator: ":").last.map(String.init) ?? line
    tlsTexts.append(String(text.drop { $0 == " " }))
  }
}
