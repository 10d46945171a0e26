import Delivery
import Journal
import MQTT
import XMPP

/// One publish on its way from XMPP to MQTT: a row of an account's inbound spool.
struct PublishRow: Sendable, Equatable {
  /// Position in the spool; rows are published in this order.
  var sequence: UInt64
  /// When the bridge accepted what it is made from, in milliseconds since 1970.
  var time: Int64
  /// A status of the bridge's own making, which comes from no upstream: it does not count against the journal's limits.
  var isStatus: Bool
  /// The inbound stanza that it is made from, by its place in the stream's ledger; nil for one of the bridge's own making.
  var stanza: Ledger.Position?
  /// The receipt that is owed once the stanza is in our custody.
  var receipt: Receipt?
  /// What is published. Its token is the row's sequence.
  var publish: OutboundPublish

  /// A receipt (XEP-0184) that a sender asked for.
  struct Receipt: Sendable, Equatable {
    /// The id of the message.
    var id: String
    /// Its sender, with the resource.
    var sender: JID
    /// Its type.
    var type: MessageType
  }
}

extension PublishRow {
  /// The row as the journal keeps it. The stanza's place is not kept: a restart confirms to nobody.
  var journalRow: JournalRow {
    var meta = FieldWriter(capacity: 256)
    meta.write(publish.topic)
    meta.write(publish.qos.rawValue)
    meta.write(publish.retain)
    let properties = publish.properties
    meta.write(properties.contentType) { $0.write($1) }
    meta.write(properties.payloadFormatUTF8)
    meta.write(properties.messageExpiry) { $0.write($1) }
    meta.write(properties.responseTopic) { $0.write($1) }
    meta.write(properties.correlationData) { $0.write($1) }
    meta.write(list: properties.userProperties) { fields, property in
      fields.write(property.name)
      fields.write(property.value)
    }
    meta.write(receipt) { fields, receipt in
      fields.write(receipt.id)
      fields.write(receipt.sender.description)
      fields.write(receipt.type.rawValue)
    }
    return JournalRow(sequence: sequence, time: time, kind: isStatus ? 1 : 0, meta: meta.bytes, body: publish.payload)
  }

  /// Reads a row back; throws if the journal's bytes are damaged.
  init(_ row: JournalRow) throws(FieldError) {
    var meta = FieldReader(row.meta)
    let topic = try meta.readString()
    let qos = QoS(rawValue: try meta.read()) ?? .atLeastOnce
    let retain = try meta.readBool()
    var properties = PublishProperties()
    properties.contentType = try meta.readOptional { fields throws(FieldError) in try fields.readString() }
    properties.payloadFormatUTF8 = try meta.readBool()
    properties.messageExpiry = try meta.readOptional { fields throws(FieldError) in try fields.read() }
    properties.responseTopic = try meta.readOptional { fields throws(FieldError) in try fields.readString() }
    properties.correlationData = try meta.readOptional { fields throws(FieldError) in try fields.readBytes() }
    properties.userProperties = try meta.readList { fields throws(FieldError) in
      let name = try fields.readString()
      return UserProperty(name: name, value: try fields.readString())
    }
    let receipt = try meta.readOptional { fields throws(FieldError) in try Receipt(&fields) } ?? nil
    self.init(
      sequence: row.sequence, time: row.time, isStatus: row.kind == 1, stanza: nil, receipt: receipt,
      publish: OutboundPublish(
        token: row.sequence, topic: topic, payload: row.body, qos: qos, retain: retain, properties: properties))
  }
}

extension PublishRow.Receipt {
  /// nil if the sender is no JID, which only damage could bring about.
  fileprivate init?(_ fields: inout FieldReader) throws(FieldError) {
    id = try fields.readString()
    let sender = try fields.readString()
    type = MessageType(rawValue: try fields.readString()) ?? .normal
    guard let sender = try? JID(sender) else { return nil }
    self.sender = sender
  }
}
