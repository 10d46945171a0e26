public import XMLStream

/// A stanza inside another (XEP-0297).
public struct Forwarded: Sendable, Equatable {
  /// The message as it was.
  public var message: XMLElement
  /// When it came to whoever forwards it, in milliseconds since 1970; nil if that is not told.
  public var time: Int64?

  /// Reads the `<forwarded/>` directly inside an element; nil if there is none, or no message in it.
  public init?(in element: XMLElement) {
    guard let forwarded = element.child("forwarded", in: Namespace.forward),
      let message = forwarded.child("message", in: Namespace.client)
    else { return nil }
    self.message = message
    time = DelayedDelivery.stamp(of: forwarded)
  }
}
