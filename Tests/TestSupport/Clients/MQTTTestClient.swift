import CMosquitto
import Dispatch
import Glibc

/// The device at the other end: an MQTT client over libmosquitto, whose thread calls back into records.
public final class MQTTTestClient: Sendable {
  /// The protocol it speaks.
  public enum Version: String, Sendable, CaseIterable, CustomStringConvertible {
    /// MQTT 5.
    case v5 = "5"
    /// MQTT 3.1.1.
    case v311 = "3.1.1"

    /// As `mqtt.protocol` writes it.
    public var description: String { rawValue }
  }

  /// How it connects.
  public struct Options: Sendable {
    /// The protocol.
    public var version = Version.v5
    /// Client id; nil for one that the library makes up.
    public var clientID: String?
    /// Whether an earlier session of the same client id is dropped.
    public var cleanStart = true
    /// Session Expiry Interval in seconds (MQTT 5).
    public var sessionExpiry: UInt32?
    /// Login, if the broker wants one.
    public var user: TestUser?
    /// PEM file of the CA that signed the broker's certificate: connects with TLS.
    public var authority: String?
    /// Client certificate.
    public var certificate: Certificates.Pair?
    /// A message that the broker publishes if the client vanishes.
    public var will: MQTTMessage?
    /// Whether the properties of what it receives are of interest; reading them costs more than the message.
    public var readsProperties = true

    /// MQTT 5, clean start, anonymous, plain TCP.
    public init() {}
  }

  /// Every publish received, in order.
  public let messages: Record<MQTTMessage>
  /// Whether the broker knew this client id (CONNACK).
  public let sessionPresent: Bool
  private let events: Events
  private nonisolated(unsafe) let handle: OpaquePointer

  /// What the callbacks of libmosquitto's thread report.
  fileprivate final class Events: Sendable {
    struct Acknowledgement: Sendable {
      let mid: CInt
      let code: Int
    }
    struct Grant: Sendable {
      let mid: CInt
      let codes: [Int]
    }
    struct Connack: Sendable {
      let code: Int
      let sessionPresent: Bool
    }
    let connacks = Record<Connack>("CONNACKs of the MQTT test client")
    let acknowledgements = Record<Acknowledgement>("acknowledgements to the MQTT test client")
    let grants = Record<Grant>("SUBACKs to the MQTT test client")
    let disconnects = Record<Int>("disconnects of the MQTT test client")
    let messages = Record<MQTTMessage>("messages to the MQTT test client")
  }

  private init(handle: OpaquePointer, events: Events, sessionPresent: Bool) {
    self.handle = handle
    self.events = events
    self.sessionPresent = sessionPresent
    messages = events.messages
  }

  deinit {
    // Joining the library's thread may take long if the broker hangs: not on a thread that tests share.
    nonisolated(unsafe) let handle = handle
    let events = events
    DispatchQueue.global().async {
      mosquitto_disconnect(handle)
      mosquitto_loop_stop(handle, false)
      mosquitto_destroy(handle)
      withExtendedLifetime(events) {}
    }
  }

  /// Returns once the broker has accepted the connection so many times: the first, and one for each disconnect that the
  /// library mends by itself.
  public func accepted(_ count: Int) async throws {
    _ = try await events.connacks.first(count, "CONNACKs")
  }

  /// How often the connection was lost and made again is visible here: the reason of each disconnect.
  public var disconnects: Record<Int> { events.disconnects }

  /// Connects; returns after the CONNACK.
  /// - Parameters:
  ///   - host: a name, an address or, with port 0, the path of a Unix socket.
  /// - Throws: `TestFailure` with the reason if the broker refuses or is not there.
  public static func connect(
    port: Int, host: String = "127.0.0.1", _ options: Options = Options()
  ) async throws -> MQTTTestClient {
    _ = library
    let events = Events()
    let pointer = Unmanaged.passUnretained(events).toOpaque()
    // MQTT 3.1.1 allows no empty client id with a session that is kept; libmosquitto makes up clean ones.
    guard let handle = mosquitto_new(options.clientID, options.clientID == nil || options.cleanStart, pointer) else {
      throw TestFailure("mosquitto_new: \(String(cString: strerror(errno)))")
    }
    nonisolated(unsafe) let unowned = handle
    let code = await offload { prepare(unowned, options) ?? open(unowned, host: host, port: port, options) }
    guard code == MOSQ_ERR_SUCCESS.rawValue else {
      mosquitto_destroy(handle)
      throw TestFailure("connecting to \(host):\(port): \(String(cString: mosquitto_strerror(code)))")
    }
    mosquitto_loop_start(handle)
    let client: (Events.Connack) -> MQTTTestClient = {
      MQTTTestClient(handle: unowned, events: events, sessionPresent: $0.sessionPresent)
    }
    do {
      let connack = try await events.connacks.first("CONNACK")
      let connected = client(connack)
      guard connack.code == 0 else { throw TestFailure("the broker refuses: \(reason(connack.code))") }
      return connected
    } catch let error as TimedOut {
      _ = client(.init(code: -1, sessionPresent: false))
      throw error
    }
  }

  /// Subscribes and waits for the SUBACK.
  /// - Throws: `TestFailure` if the broker refuses.
  public func subscribe(_ filter: String, qos: Int = 1) async throws {
    let mark = events.grants.count
    var mid: CInt = 0
    try check(mosquitto_subscribe_v5(handle, &mid, filter, CInt(qos), 0, nil), "subscribing to \(filter)")
    let wanted = mid
    let grant = try await events.grants.first("SUBACK for \(filter)", from: mark) { $0.mid == wanted }
    guard grant.codes.allSatisfy({ $0 < 0x80 }) else {
      throw TestFailure("subscribing to \(filter) is refused: \(grant.codes)")
    }
  }

  /// Publishes and waits for the acknowledgement (at QoS 0: for the write); returns its reason code.
  @discardableResult
  public func publish(_ message: MQTTMessage) async throws -> Int {
    try await publish(contentsOf: [message])[0]
  }

  /// Publishes text at QoS 1 and waits for the PUBACK.
  @discardableResult
  public func publish(_ topic: String, _ text: String) async throws -> Int {
    try await publish(MQTTMessage(topic, text))
  }

  /// Publishes many messages in order at full speed and waits for all acknowledgements; returns their reason codes.
  @discardableResult
  public func publish(contentsOf messages: [MQTTMessage]) async throws -> [Int] {
    let mark = events.acknowledgements.count
    let mids = try enqueue(messages)
    let wanted = Set(mids)
    let acknowledgements = try await events.acknowledgements.first(mids.count, "PUBACKs", from: mark) {
      wanted.contains($0.mid)
    }
    let codes = Dictionary(acknowledgements.map { ($0.mid, $0.code) }) { $1 }
    return mids.map { codes[$0] ?? -1 }
  }

  /// Publishes without waiting for anything, as when the broker is not to answer; returns the packet ids.
  @discardableResult
  public func enqueue(_ messages: [MQTTMessage]) throws -> [Int32] {
    try messages.map { message in
      var mid: CInt = 0
      let code = MQTTProperties.withList(message.properties) { list in
        mosquitto_publish_v5(
          handle, &mid, message.topic, CInt(message.payload.count), message.payload, CInt(message.qos), message.retain,
          list)
      }
      try check(code, "publishing to \(message.topic)")
      return mid
    }
  }

  /// Leaves with DISCONNECT.
  public func disconnect() async throws {
    let mark = events.disconnects.count
    try check(mosquitto_disconnect(handle), "disconnecting")
    _ = try await events.disconnects.first("the end of the connection", from: mark)
  }

  private func check(_ code: CInt, _ what: String) throws {
    guard code == MOSQ_ERR_SUCCESS.rawValue else {
      throw TestFailure("\(what): \(String(cString: mosquitto_strerror(code)))")
    }
  }

  // MARK: libmosquitto

  private static let library: Void = { mosquitto_lib_init() }()

  /// Runs what blocks on a thread of its own kind, not on one that tests share.
  private static func offload<T: Sendable>(_ body: @escaping @Sendable () -> T) async -> T {
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async { continuation.resume(returning: body()) }
    }
  }

  /// Sets options and callbacks; returns an error code or nil.
  private static func prepare(_ handle: OpaquePointer, _ options: Options) -> CInt? {
    let version = options.version == .v5 ? MQTT_PROTOCOL_V5 : MQTT_PROTOCOL_V311
    var codes = [mosquitto_int_option(handle, MOSQ_OPT_PROTOCOL_VERSION, version)]
    // Without it the system may hold a packet back until the broker has answered the one before.
    codes.append(mosquitto_int_option(handle, MOSQ_OPT_TCP_NODELAY, 1))
    if let user = options.user { codes.append(mosquitto_username_pw_set(handle, user.name, user.password)) }
    if let authority = options.authority {
      codes.append(
        mosquitto_tls_set(handle, authority, nil, options.certificate?.certificate, options.certificate?.key, nil))
    }
    if let will = options.will {
      codes.append(
        mosquitto_will_set(
          handle, will.topic, CInt(will.payload.count), will.payload, CInt(will.qos), will.retain))
    }
    mosquitto_reconnect_delay_set(handle, 1, 1, false)

    mosquitto_connect_v5_callback_set(handle) { _, object, code, flags, _ in
      Events.from(object)?.connacks.append(.init(code: Int(code), sessionPresent: flags & 1 == 1))
    }
    mosquitto_disconnect_v5_callback_set(handle) { _, object, code, _ in
      Events.from(object)?.disconnects.append(Int(code))
    }
    mosquitto_publish_v5_callback_set(handle) { _, object, mid, code, _ in
      Events.from(object)?.acknowledgements.append(.init(mid: mid, code: Int(code)))
    }
    mosquitto_subscribe_v5_callback_set(handle) { _, object, mid, count, granted, _ in
      let codes = UnsafeBufferPointer(start: granted, count: Int(count)).map(Int.init)
      Events.from(object)?.grants.append(.init(mid: mid, codes: codes))
    }
    guard options.readsProperties else {
      mosquitto_message_v5_callback_set(handle) { _, object, message, _ in MQTTTestClient.received(object, message, nil)
      }
      return codes.first { $0 != MOSQ_ERR_SUCCESS.rawValue }
    }
    mosquitto_message_v5_callback_set(handle) { _, object, message, properties in
      MQTTTestClient.received(object, message, properties)
    }
    return codes.first { $0 != MOSQ_ERR_SUCCESS.rawValue }
  }

  private static func received(
    _ object: UnsafeMutableRawPointer?, _ message: UnsafePointer<mosquitto_message>?, _ properties: OpaquePointer?
  ) {
    guard let message = message?.pointee, let topic = message.topic else { return }
    let payload = UnsafeRawBufferPointer(start: message.payload, count: Int(message.payloadlen))
    Events.from(object)?.messages.append(
      MQTTMessage(
        String(cString: topic), Array(payload), qos: Int(message.qos), retain: message.retain,
        properties: MQTTProperties.read(properties)))
  }

  private static func open(_ handle: OpaquePointer, host: String, port: Int, _ options: Options) -> CInt {
    var list: OpaquePointer?
    defer { mosquitto_property_free_all(&list) }
    if options.version == .v5, let expiry = options.sessionExpiry {
      mosquitto_property_add_int32(&list, MQTTProperties.id(MQTT_PROP_SESSION_EXPIRY_INTERVAL), expiry)
    }
    return mosquitto_connect_bind_v5(handle, host, CInt(port), 60, nil, list)
  }

  private static func reason(_ code: Int) -> String {
    code < 0x80
      ? String(cString: mosquitto_connack_string(CInt(code))) : String(cString: mosquitto_reason_string(CInt(code)))
  }
}

extension MQTTTestClient.Events {
  /// The object that a callback was given.
  fileprivate static func from(_ object: UnsafeMutableRawPointer?) -> MQTTTestClient.Events? {
    object.map { Unmanaged<MQTTTestClient.Events>.fromOpaque($0).takeUnretainedValue() }
  }
}
