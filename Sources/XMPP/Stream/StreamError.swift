import XMLStream

/// A stream error (RFC 6120 §4.9): after it, in either direction, the stream is over.
struct StreamError: Sendable, Hashable {
  /// The counts that XEP-0198 §4 wants beside an acknowledgement that cannot be true.
  struct HandledCount: Sendable, Hashable {
    var h: UInt32
    var sent: UInt32
  }

  /// The name of the defined condition (RFC 6120 §4.9.3).
  var condition: String
  /// The same in somebody's words; of `see-other-host` the host.
  var text: String?
  var handledCount: HandledCount?

  init(_ condition: String, text: String? = nil, handledCount: HandledCount? = nil) {
    self.condition = condition
    self.text = text
    self.handledCount = handledCount
  }

  /// Reads the peer's; nil if the element is none.
  init?(_ element: XMLElement) {
    guard element.is("error", in: Namespace.streams) else { return nil }
    self.init("undefined-condition")
    for child in element.children where child.namespace == Namespace.streamErrors {
      if child.name == "text" {
        text = child.text
      } else {
        condition = child.name
        if child.name == "see-other-host" { text = child.text }
      }
    }
  }

  /// The element as it goes on the wire; the stream has to be closed behind it.
  var bytes: [UInt8] {
    var writer = XMLWriter(inStream: true)
    writer.open("error", namespace: Namespace.streams)
    writer.open(condition, namespace: Namespace.streamErrors)
    writer.close()
    if let text {
      writer.open("text", namespace: Namespace.streamErrors)
      writer.text(text)
      writer.close()
    }
    if let handledCount {
      writer.open("handled-count-too-high", namespace: Namespace.streamManagement)
      writer.attribute("h", String(handledCount.h))
      writer.attribute("send-count", String(handledCount.sent))
      writer.close()
    }
    writer.close()
    return writer.bytes
  }
}
