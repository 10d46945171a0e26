public import XMLStream

/// Delayed Delivery (XEP-0203).
public enum DelayedDelivery {
  /// When a stanza was sent originally, if it says so: the earliest of its stamps, for a server that stored it adds its
  /// own to the sender's. In milliseconds since 1970.
  /// - Parameter stanza: a stanza, or the `<forwarded/>` around one.
  public static func stamp(of stanza: XMLElement) -> Int64? {
    var earliest: Int64?
    for child in stanza.children where child.is("delay", in: Namespace.delay) {
      guard let time = child.attribute("stamp").flatMap(Timestamp.milliseconds) else { continue }
      earliest = min(earliest ?? time, time)
    }
    return earliest
  }

  /// A stanza as it was sent, with a note of when that was.
  ///
  /// - Parameters:
  ///   - message: the bytes of a message that end in `</message>`; others are returned as they are.
  ///   - sender: who delayed it: the account.
  ///   - time: when it was sent first, in milliseconds since 1970.
  public static func stamped(_ message: [UInt8], from sender: JID, at time: Int64) -> [UInt8] {
    let end = Array("</message>".utf8)
    guard message.suffix(end.count).elementsEqual(end) else { return message }
    var writer = XMLWriter()
    writer.open("delay", namespace: Namespace.delay)
    writer.attribute("from", sender.description)
    writer.attribute("stamp", Timestamp.rfc3339(time))
    writer.close()
    return message.dropLast(end.count) + writer.bytes + end
  }
}
