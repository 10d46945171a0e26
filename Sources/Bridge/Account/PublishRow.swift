import Delivery
import Journal
import MQTT
import Records
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
    var meta = publish.header.bytes
    if let receipt {
      var fields = FieldWriter(continuing: meta)
      fields.write(true)
      fields.write(receipt.id)
      fields.write(receipt.sender.description)
      fields.write(receipt.type.rawValue)
      meta = fields.bytes
    }
    return JournalRow(sequence: sequence, time: time, kind: isStatus ? 1 : 0, meta: meta, body: publish.payload)
  }

  /// Reads a row back; throws if the journal's bytes are damaged. Rows of earlier versions say that there is no receipt.
  init(_ row: JournalRow) throws(FieldError) {
    var meta = FieldReader(row.meta)
    let header = try PublishHeader(&meta)
    let receipt =
      meta.isAtEnd ? nil : try meta.readOptional { fields throws(FieldError) in try Receipt(&fields) } ?? nil
    self.init(
      sequence: row.sequence, time: row.time, isStatus: row.kind == 1, stanza: nil, receipt: receipt,
      publish: OutboundPublish(token: row.sequence, header: header, payload: row.body, qos: header.qos))
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
