import Journal
import Records

/// One message on its way from MQTT to XMPP: a row of an account's outbound spool.
struct StanzaRow: Sendable, Equatable {
  /// Position in the spool; rows are sent in this order.
  var sequence: UInt64
  /// When the bridge accepted the message, in milliseconds since 1970: the stamp of a later XEP-0203 delay.
  var time: Int64
  /// The stanza as it goes to the socket.
  var stanza: [UInt8]
  /// Who has to hear what became of it; nil for a stanza of the bridge's own making, such as a receipt.
  var origin: MessageOrigin?
  /// When it is of no use any more, in milliseconds since 1970.
  var expires: Int64?
}

/// Where a message came from on the MQTT side, as far as its statuses need it.
struct MessageOrigin: Sendable, Equatable {
  /// The stanza's `id`, given by the publisher or by the bridge.
  var id: String
  /// The topic that its statuses go to.
  var statusTopic: String
  /// The publisher asked for statuses, by an envelope's `id` or a Response Topic: they survive a kill.
  var isAsked: Bool
  /// The publisher's Response Topic, already checked.
  var responseTopic: String?
  /// What goes back with it, as it came.
  var correlationData: [UInt8]?
}

extension StanzaRow {
  /// The row as the journal keeps it.
  var journalRow: JournalRow {
    var meta = FieldWriter(capacity: 128)
    meta.write(origin) { meta, origin in
      meta.write(origin.id)
      meta.write(origin.statusTopic)
      meta.write(origin.isAsked)
      meta.write(origin.responseTopic) { $0.write($1) }
      meta.write(origin.correlationData) { $0.write($1) }
    }
    meta.write(expires) { $0.write($1) }
    return JournalRow(sequence: sequence, time: time, kind: 0, meta: meta.bytes, body: stanza)
  }

  /// Reads a row back; throws if the journal's bytes are damaged.
  init(_ row: JournalRow) throws(FieldError) {
    var meta = FieldReader(row.meta)
    let origin = try meta.readOptional { fields throws(FieldError) in try MessageOrigin(&fields) }
    let expires = try meta.readOptional { fields throws(FieldError) in try fields.read(Int64.self) }
    self.init(sequence: row.sequence, time: row.time, stanza: row.body, origin: origin, expires: expires)
  }
}

extension MessageOrigin {
  /// Under what the message is remembered.
  var key: UInt64 { MessageMemory.key(id: id, statusTopic: statusTopic) }

  fileprivate init(_ fields: inout FieldReader) throws(FieldError) {
    id = try fields.readString()
    statusTopic = try fields.readString()
    isAsked = try fields.readBool()
    responseTopic = try fields.readOptional { fields throws(FieldError) in try fields.readString() }
    correlationData = try fields.readOptional { fields throws(FieldError) in try fields.readBytes() }
  }
}
