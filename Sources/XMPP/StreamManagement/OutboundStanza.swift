/// A stanza on its way to the server, kept until the server confirms it.
public struct OutboundStanza: Sendable, Hashable {
  /// The owner's own number for it; strictly increasing within one session.
  public var sequence: UInt64
  /// The stanza as it goes to the socket, each time it has to.
  public var bytes: [UInt8]

  /// A stanza under its owner's number.
  public init(sequence: UInt64, bytes: [UInt8]) {
    self.sequence = sequence
    self.bytes = bytes
  }
}
