public import XMLStream

/// Chat Markers (XEP-0333): the recipient has seen a message, and with it all before it.
public enum ChatMarkers {
  /// The feature of who understands them.
  public static var feature: String { Namespace.chatMarkers }

  /// What a marker says.
  public enum Marker: String, Sendable, Hashable, CaseIterable {
    /// A client has the message. Superseded by XEP-0184, still sent by some.
    case received
    /// Somebody saw it.
    case displayed
    /// Somebody did something about it.
    case acknowledged
  }

  /// The marker in a message, and the id of the message that it is about; nil if there is none.
  public static func marker(in message: XMLElement) -> (marker: Marker, id: String)? {
    for child in message.children where child.namespace == Namespace.chatMarkers {
      guard let marker = Marker(rawValue: child.name), let id = child.attribute("id"), !id.isEmpty else { continue }
      return (marker, id)
    }
    return nil
  }

  /// Writes into an open message that markers are wanted for it.
  public static func writeMarkable(into writer: inout XMLWriter) {
    writer.open("markable", namespace: Namespace.chatMarkers)
    writer.close()
  }

  /// Writes a marker into an open message.
  /// - Parameter id: of the message that it is about.
  public static func write(_ marker: Marker, id: String, into writer: inout XMLWriter) {
    writer.open(marker.rawValue, namespace: Namespace.chatMarkers)
    writer.attribute("id", id)
    writer.close()
    MessageHints.writeStore(into: &writer)
  }
}
