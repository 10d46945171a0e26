public import Records

/// All that a publish says beside its payload (topic, QoS, RETAIN flag, properties), as one record of bytes.
///
/// It is written once, where the publish is made. The journal keeps these bytes, and they are read where they lie when the packet
/// is made: between a stanza and its packet no text is copied, and a publish that is passed on counts one reference.
public struct PublishHeader: Sendable, Hashable {
  /// The record, as ``FieldWriter`` writes it.
  public let bytes: [UInt8]
  /// The QoS.
  public let qos: QoS
  /// RETAIN flag.
  public let retain: Bool

  /// A header of these parts.
  public init(topic: String, qos: QoS, retain: Bool, properties: PublishProperties) {
    var fields = FieldWriter(capacity: 256)
    fields.write(topic)
    fields.write(qos.rawValue)
    fields.write(retain)
    fields.write(properties.contentType) { $0.write($1) }
    fields.write(properties.payloadFormatUTF8)
    fields.write(properties.messageExpiry) { $0.write($1) }
    fields.write(properties.responseTopic) { $0.write($1) }
    fields.write(properties.correlationData) { $0.write($1) }
    fields.write(list: properties.userProperties) { fields, property in
      fields.write(property.name)
      fields.write(property.value)
    }
    bytes = fields.bytes
    self.qos = qos
    self.retain = retain
  }

  /// Reads a header from the beginning of a record, and leaves the reader behind it; throws if the bytes are damaged.
  public init(_ fields: inout FieldReader) throws(FieldError) {
    let start = fields.position
    let parts = try Parts(&fields, isChecked: false)
    (qos, retain) = (parts.qos, parts.retain)
    bytes = fields.record(from: start)
  }

  /// Where the parts lie in the record.
  public struct Parts: Sendable {
    /// The topic's UTF-8.
    public let topic: Range<Int>
    fileprivate let qos: QoS
    fileprivate let retain: Bool
    /// Content Type.
    public let contentType: Range<Int>?
    /// Payload Format Indicator 1.
    public let payloadFormatUTF8: Bool
    /// Message Expiry Interval in seconds.
    public let messageExpiry: UInt32?
    /// Response Topic.
    public let responseTopic: Range<Int>?
    /// Correlation Data.
    public let correlationData: Range<Int>?
    /// How many User Properties there are, and where the first begins.
    fileprivate let userProperties: (count: Int, start: Int)

    /// - Parameter isChecked: the record has been read before: its texts are known to be UTF-8, and it to be whole.
    fileprivate init(_ fields: inout FieldReader, isChecked: Bool) throws(FieldError) {
      func text(_ fields: inout FieldReader) throws(FieldError) -> Range<Int> {
        isChecked ? try fields.skipBytes() : try fields.skipString()
      }
      topic = try text(&fields)
      qos = QoS(rawValue: try fields.read()) ?? .atLeastOnce
      retain = try fields.readBool()
      contentType = try fields.readOptional(with: text)
      payloadFormatUTF8 = try fields.readBool()
      messageExpiry = try fields.readOptional { fields throws(FieldError) in try fields.read() }
      responseTopic = try fields.readOptional(with: text)
      correlationData = try fields.readOptional { fields throws(FieldError) in try fields.skipBytes() }
      let count = Int(try fields.read(UInt32.self))
      userProperties = (count, fields.position)
      guard !isChecked else { return }
      for _ in 0..<count {
        _ = try fields.skipString()
        _ = try fields.skipString()
      }
    }
  }

  /// Looks up where the parts lie.
  public var parts: Parts {
    var fields = FieldReader(bytes)
    return Self.sound { () throws(FieldError) in try Parts(&fields, isChecked: true) }
  }

  /// Checks the topic; see ``TopicName/validate(_:)``.
  func validateTopic() throws(TopicError) {
    var fields = FieldReader(bytes)
    let topic = Self.sound { () throws(FieldError) in try fields.skipBytes() }
    try TopicName.validate(utf8: bytes.span.extracting(topic))
  }

  /// Goes through the User Properties in their order.
  /// - Parameter body: gets where name and value lie in the record.
  public func forEachUserProperty(of parts: Parts, _ body: (_ name: Range<Int>, _ value: Range<Int>) -> Void) {
    var fields = FieldReader(bytes, at: parts.userProperties.start)
    for _ in 0..<parts.userProperties.count {
      Self.sound { () throws(FieldError) in body(try fields.skipBytes(), try fields.skipBytes()) }
    }
  }

  /// The topic.
  public var topic: String { text(parts.topic) }

  /// The properties.
  public var properties: PublishProperties {
    let parts = parts
    var properties = PublishProperties(
      contentType: parts.contentType.map(text), payloadFormatUTF8: parts.payloadFormatUTF8,
      messageExpiry: parts.messageExpiry, responseTopic: parts.responseTopic.map(text),
      correlationData: parts.correlationData.map { Array(bytes[$0]) })
    forEachUserProperty(of: parts) { name, value in
      properties.userProperties.append(UserProperty(name: text(name), value: text(value)))
    }
    return properties
  }

  private func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

  /// What was written here, or was read once, can be read.
  private static func sound<Value>(_ read: () throws(FieldError) -> Value) -> Value {
    do {
      return try read()
    } catch {
      preconditionFailure("\(error)")
    }
  }
}
