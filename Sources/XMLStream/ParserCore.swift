internal import CLibXML2

/// What the parser's callbacks work on.
///
/// It lives at a fixed address that libxml2 passes to each callback. Behind a raw pointer there are no dynamic checks
/// for exclusive access, which cost a third of the time when this was a class.
///
/// A callback never frees the parser: after a failure or a halt it just ignores the rest of the slice.
@safe struct ParserCore: ~Copyable {
  let context: xmlParserCtxtPtr
  let limits: XMLStreamLimits
  var builder: StanzaBuilder
  var progress = Progress.beforeHeader
  /// Why the stream must not go on.
  var failure: XMLStreamError?
  /// Where the consumer said `.halt`, counted in bytes from the stream's start.
  var haltedAt: Int?
  /// Bytes the library has been given so far.
  var fed = 0
  /// Where the current stanza began, or what lies before the next one ended.
  var stanzaStart = 0
  /// Takes the events during a call of `feed`.
  var deliver: ((XMLStreamEvent) -> XMLStreamParser.Disposition)?

  enum Progress {
    case beforeHeader
    case open
    case closed
  }

  init(context: xmlParserCtxtPtr, limits: XMLStreamLimits, contentNamespace: String) {
    unsafe self.context = unsafe context
    self.limits = limits
    builder = StanzaBuilder(contentNamespace: contentNamespace)
  }

  var isFinished: Bool { failure != nil || haltedAt != nil }

  /// Bytes from the stream's start to where the library stands now.
  var position: Int { fed - heldBack }

  /// Bytes that the library has and waits with: an unfinished token.
  var heldBack: Int {
    guard let input = unsafe context.pointee.input else { return 0 }
    return unsafe input.pointee.end - input.pointee.cur
  }

  mutating func fail(_ condition: XMLStreamError.Condition, _ reason: String) {
    if !isFinished { failure = XMLStreamError(condition: condition, reason: reason) }
  }

  /// Looks at what only shows between two slices.
  mutating func sliceEnded() {
    if isFinished { return }
    if unsafe context.pointee.disableSAX != 0 {
      // Every fault is reported; this is for one that some version of the library may forget.
      fail(.notWellFormed, "XML error \(unsafe context.pointee.errNo)")
    } else if heldBack > limits.tagBytes {
      fail(.policyViolation, "a tag larger than \(limits.tagBytes) bytes")
    } else if builder.depth > 0 && fed - stanzaStart > limits.stanzaBytes {
      fail(.policyViolation, "a stanza larger than \(limits.stanzaBytes) bytes")
    }
  }

  // MARK: Callbacks

  mutating func start(
    _ name: UnsafePointer<xmlChar>?, namespace: UnsafePointer<xmlChar>?,
    attributeCount: Int, attributes: UnsafeMutablePointer<UnsafePointer<xmlChar>?>?
  ) {
    if isFinished { return }
    if progress == .beforeHeader {
      unsafe open(name, namespace: namespace, attributeCount: attributeCount, attributes: attributes)
      return
    }
    if builder.depth >= limits.depth {
      fail(.policyViolation, "elements nested deeper than \(limits.depth)")
      return
    }
    unsafe builder.start(name, namespace: namespace, attributeCount: attributeCount, attributes: attributes)
  }

  mutating func end() {
    if isFinished { return }
    if builder.depth == 0 {
      progress = .closed
      send(.closed, at: position)
      return
    }
    guard let element = builder.end() else { return }
    let position = position
    if position - stanzaStart > limits.stanzaBytes {
      fail(.policyViolation, "a stanza larger than \(limits.stanzaBytes) bytes")
    } else if element.is("stream", in: XMLNamespace.streams) {
      fail(.badFormat, "a stream within the stream")
    } else {
      stanzaStart = position
      send(.element(element), at: position)
    }
  }

  mutating func text(_ text: UnsafeBufferPointer<UInt8>) {
    if isFinished { return }
    if builder.depth > 0 {
      unsafe builder.text(text)
    } else if unsafe text.allSatisfy({ $0 == 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }) {
      // Keepalive (RFC 6120 §4.6.1) is no part of the next stanza.
      stanzaStart += text.count
    } else {
      fail(.badFormat, "text outside a stanza")
    }
  }

  mutating func restricted(_ what: String) {
    fail(.restrictedXML, what)
    // No declaration behind it may even be looked at.
    unsafe xmlStopParser(context)
  }

  mutating func report(_ error: xmlError) {
    // Warnings are no errors, and a namespace name that is no proper URI is a name nevertheless: servers relay it.
    if unsafe error.level.rawValue < XML_ERR_ERROR.rawValue || error.code == XML_WAR_NS_URI.rawValue { return }
    let message = unsafe error.message.map { unsafe String(cString: $0) } ?? ""
    let reason = String(message.prefix { !$0.isNewline }.prefix(200))
    switch unsafe xmlParserErrors(rawValue: UInt32(truncatingIfNeeded: error.code)) {
    case XML_ERR_NO_MEMORY:
      // The dictionary's limit is reported so.
      fail(.policyViolation, "too many different names")
    case XML_ERR_INVALID_ENCODING, XML_ERR_UNKNOWN_ENCODING, XML_ERR_UNSUPPORTED_ENCODING:
      fail(.unsupportedEncoding, "not UTF-8")
    case _ where standsBeforeDeclaration:
      fail(.restrictedXML, "a document type declaration")
    default:
      fail(.notWellFormed, reason.isEmpty ? "XML error \(unsafe error.code)" : reason)
    }
  }

  /// Whether the library stumbled over `<!DOCTYPE` or the like in the midst of the stream.
  private var standsBeforeDeclaration: Bool {
    guard let input = unsafe context.pointee.input, heldBack >= 3 else { return false }
    return unsafe UnsafeBufferPointer(start: input.pointee.cur, count: 3).elementsEqual("<!D".utf8)
  }

  /// A stream's own start tag.
  private mutating func open(
    _ name: UnsafePointer<xmlChar>?, namespace: UnsafePointer<xmlChar>?,
    attributeCount: Int, attributes: UnsafeMutablePointer<UnsafePointer<xmlChar>?>?
  ) {
    if let version = unsafe context.pointee.version, unsafe String(cString: version) != "1.0" {
      return fail(.notWellFormed, "an XML version other than 1.0")
    }
    unsafe builder.start(name, namespace: namespace, attributeCount: attributeCount, attributes: attributes)
    guard let element = builder.end() else { return }
    guard element.namespace == XMLNamespace.streams else {
      return fail(.invalidNamespace, "a stream in the namespace '\(element.namespace)'")
    }
    guard element.name == "stream" else { return fail(.badFormat, "'\(element.name)' instead of a stream") }
    progress = .open
    // The library stands before the tag's `>` or `/>`.
    let isEmpty = unsafe context.pointee.input.pointee.cur.pointee == UInt8(ascii: "/")
    let position = self.position + (isEmpty ? 2 : 1)
    stanzaStart = position
    let header = StreamHeader(
      from: element.attribute("from"), to: element.attribute("to"), id: element.attribute("id"),
      version: element.attribute("version"), language: element.attribute("lang", namespace: XMLNamespace.xml))
    send(.opened(header), at: position)
  }

  private mutating func send(_ event: XMLStreamEvent, at position: Int) {
    if let deliver, deliver(event) == .halt { haltedAt = position }
  }
}
