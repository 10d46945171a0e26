/// A named sequence of messages in the journal, for instance what one account has to send. Made by ``Journal/spool(_:)``.
public struct JournalSpool: Hashable, Sendable {
  /// The number that rows carry in place of the name; 1 or more.
  let id: Int64
}

/// One message of a spool.
public struct JournalRow: Sendable, Equatable {
  /// One more than the highest sequence there can be.
  public static let sequenceEnd: UInt64 = 1 << 40

  /// The row's place in its spool; rows are kept and read in this order. At least 1, less than ``sequenceEnd``.
  public var sequence: UInt64
  /// When the message was read, in milliseconds since 1970.
  public var time: Int64
  /// What the row is, in the owner's own numbers.
  public var kind: UInt8
  /// What the owner knows about the message.
  public var meta: [UInt8]
  /// The message.
  public var body: [UInt8]

  /// A row of these parts.
  public init(sequence: UInt64, time: Int64, kind: UInt8, meta: [UInt8], body: [UInt8]) {
    precondition((1..<Self.sequenceEnd).contains(sequence), "a sequence has 40 bits and starts with 1")
    self.sequence = sequence
    self.time = time
    self.kind = kind
    self.meta = meta
    self.body = body
  }

  /// What the row counts in sums of bytes.
  public var bytes: Int { meta.count + body.count }
}

/// What marks an MQTT publish that was taken in, so that its redelivery is recognised. One is kept for each packet id.
public struct RedeliveryKey: Sendable, Hashable {
  /// The packet id.
  public var packet: UInt16
  /// The epoch of the MQTT session it came in.
  public var epoch: Int64
  /// A hash of its topic and payload.
  public var hash: UInt64

  /// A key of these parts.
  public init(packet: UInt16, epoch: Int64, hash: UInt64) {
    self.packet = packet
    self.epoch = epoch
    self.hash = hash
  }
}
