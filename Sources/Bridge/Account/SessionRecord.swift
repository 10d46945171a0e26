import Records
import XMPP

/// What an account must remember to resume its stream after a restart, written in the same commit as what depends on it.
///
/// Counted stanzas are numbered in the order in which they are handed to the stream. A message's number is not kept
/// with its row: rows leave in the order of their sequence, so the numbers follow from `acknowledged` and from the
/// numbers that the few other stanzas (presence, iq) took, which are kept here whole.
struct SessionRecord: Sendable, Equatable {
  /// The `epoch` in which this was written: in another one its stream is none that could be resumed, since what is written
  /// here may be older than what was acknowledged. nil from a version that did not say.
  var epoch: UInt64?
  /// The stream that can be resumed; nil when there is none.
  var stream: Stream?
  /// Inbound stanzas whose effects are in the journal: the `h` of the next `<resume/>`.
  var inbound: UInt64 = 0
  /// Outbound stanzas of this stream that the server has acknowledged.
  var acknowledged: UInt64 = 0
  /// Rows up to this sequence are gone from the outbound spool.
  var trimmed: UInt64 = 0
  /// Rows up to this sequence have a number in this stream.
  var numbered: UInt64 = 0
  /// Rows up to this sequence had a number in some stream: sent again, they carry a delay stamp.
  var sentBefore: UInt64 = 0
  /// Since when rows may have reached a server that has not acknowledged them: the archive is asked about that time when
  /// their stream is lost. In milliseconds since 1970.
  var doubtSince: Int64?
  /// Unacknowledged stanzas that are no rows, by their number.
  var controls: [OutboundStanza] = []
  /// Stanzas that are no rows and wait for a number.
  var waiting: [[UInt8]] = []
  /// The stream has its presence, and the archive was read when it began.
  var isSetUp = false
  /// The account has an archive, whose ids are trusted (XEP-0313, XEP-0359).
  var hasArchive = false
  /// How far the account's archive has been read.
  var archive = ArchiveCursor()
  /// The full addresses of the latest streams, by which the archive shows what the bridge itself sent.
  var addresses: [JID] = []
  /// Messages up to this row of the inbound spool have the receipts that they asked for.
  var receipted: UInt64 = 0

  /// A stream with an identifier the server gave for resumption (XEP-0198 §5).
  struct Stream: Sendable, Equatable {
    /// The bound full JID.
    let jid: JID
    /// `<enabled id=…>`.
    let id: String
    /// Where the server wants the resumption, if it said so.
    let location: String?
    /// How long the server keeps it, if it said so.
    let maximum: Duration?
    /// Its fields in the record, which is written with nearly every commit, while these stay.
    fileprivate let fields: [UInt8]

    init(jid: JID, id: String, location: String? = nil, maximum: Duration? = nil) {
      (self.jid, self.id, self.location, self.maximum) = (jid, id, location, maximum)
      var fields = FieldWriter(capacity: 128)
      fields.write(jid.description)
      fields.write(id)
      fields.write(location) { $0.write($1) }
      fields.write(maximum) { $0.write($1.components.seconds) }
      self.fields = fields.bytes
    }
  }
}

extension SessionRecord {
  /// The stream is gone for good: what had a number in it waits again.
  mutating func forgetStream() {
    sentBefore = max(sentBefore, numbered)
    numbered = trimmed
    stream = nil
    inbound = 0
    acknowledged = 0
    controls = []
    waiting = []
    isSetUp = false
  }

  /// A new stream has this address.
  mutating func began(as jid: JID) {
    addresses.removeAll { $0 == jid }
    addresses.append(jid)
    if addresses.count > Self.addressLimit { addresses.removeFirst() }
  }

  private static let addressLimit = 16

  /// The record as the journal keeps it.
  var bytes: [UInt8] {
    var fields = FieldWriter(capacity: 256)
    fields.write(stream != nil)
    if let written = stream?.fields { fields.write(written: written) }
    fields.write(inbound)
    fields.write(acknowledged)
    fields.write(trimmed)
    fields.write(numbered)
    fields.write(sentBefore)
    fields.write(list: controls) { fields, control in
      fields.write(control.sequence)
      fields.write(control.bytes)
    }
    fields.write(list: waiting) { $0.write($1) }
    fields.write(doubtSince) { $0.write($1) }
    fields.write(isSetUp)
    fields.write(hasArchive)
    archive.write(into: &fields)
    fields.write(list: addresses) { $0.write($1.description) }
    fields.write(receipted)
    fields.write(epoch) { $0.write($1) }
    return fields.bytes
  }

  /// Reads a record back; throws if the journal's bytes are damaged.
  init(_ bytes: [UInt8]) throws(FieldError) {
    var fields = FieldReader(bytes)
    if try fields.readBool() {
      let jid = try fields.readString()
      let id = try fields.readString()
      let location = try fields.readOptional { fields throws(FieldError) in try fields.readString() }
      let maximum = try fields.readOptional { fields throws(FieldError) in Duration.seconds(try fields.read(Int64.self))
      }
      if let jid = try? JID(jid) { stream = Stream(jid: jid, id: id, location: location, maximum: maximum) }
    }
    inbound = try fields.read()
    acknowledged = try fields.read()
    trimmed = try fields.read()
    numbered = try fields.read()
    sentBefore = try fields.read()
    controls = try fields.readList { fields throws(FieldError) in
      let number = try fields.read(UInt64.self)
      return OutboundStanza(sequence: number, bytes: try fields.readBytes())
    }
    waiting = try fields.readList { fields throws(FieldError) in try fields.readBytes() }
    doubtSince = try fields.readOptional { fields throws(FieldError) in try fields.read() }
    isSetUp = try fields.readBool()
    hasArchive = try fields.readBool()
    archive = try ArchiveCursor(from: &fields)
    addresses = try fields.readList { fields throws(FieldError) in try fields.readString() }
      .compactMap { try? JID($0) }
    receipted = try fields.read()
    epoch = try fields.readOptional { fields throws(FieldError) in try fields.read() }
    try fields.finish()
  }
}
