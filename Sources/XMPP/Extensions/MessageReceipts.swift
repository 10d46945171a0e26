public import XMLStream

/// Message Delivery Receipts (XEP-0184): the recipient's client says that it has a message.
public enum MessageReceipts {
  /// The feature of who answers requests.
  public static var feature: String { Namespace.receipts }

  /// Whether the sender of a message asks for a receipt. None is owed for a message without an id, or in a room.
  public static func isRequested(in message: XMLElement) -> Bool {
    message.child("request", in: Namespace.receipts) != nil && message.attribute("id")?.isEmpty == false
      && ![MessageType.groupchat, .error].contains(MessageType(of: message))
  }

  /// The id of the message that this one is a receipt for; nil if it is none.
  public static func received(in message: XMLElement) -> String? {
    message.child("received", in: Namespace.receipts)?.attribute("id")
  }

  /// Writes the request for a receipt into an open message.
  public static func writeRequest(into writer: inout XMLWriter) {
    writer.open("request", namespace: Namespace.receipts)
    writer.close()
  }

  /// A receipt.
  /// - Parameters:
  ///   - message: the id of the message that we have.
  ///   - recipient: its sender, with the resource.
  ///   - type: the type of that message.
  ///   - id: the receipt's own id.
  public static func receipt(for message: String, to recipient: JID, type: MessageType, id: String) -> [UInt8] {
    var writer = XMLWriter()
    writer.open("message", namespace: Namespace.client)
    writer.attribute("to", recipient.description)
    writer.attribute("type", type.rawValue)
    writer.attribute("id", id)
    writer.open("received", namespace: Namespace.receipts)
    writer.attribute("id", message)
    writer.close()
    MessageHints.writeStore(into: &writer)
    writer.close()
    return writer.bytes
  }
}
