/// Whether the bridge runs, as `P/bridge/state` tells it.
public enum BridgeState: String, Sendable, Hashable {
  /// It runs and is connected to the broker.
  case online
  /// It has left, or is gone: this is also its will.
  case offline

  /// The object of the contract.
  public var json: [UInt8] {
    var writer = JSONWriter(capacity: 32)
    writer.beginObject()
    writer.member("state", rawValue)
    writer.endObject()
    return writer.bytes
  }
}
