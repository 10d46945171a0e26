internal import CLibXML2

/// A push parser for one XML stream in one direction (RFC 6120 §4, §11).
///
/// Each stream restart and the step to TLS need a new parser. Not for use by two threads at once.
@safe public final class XMLStreamParser {
  /// Whether to go on after an event.
  public enum Disposition: Sendable {
    /// Go on with the next.
    case proceed
    /// Read nothing more: what follows in the bytes belongs to somebody else.
    case halt
  }

  /// What libxml2 is given at once. It holds back an unfinished tag and looks at nothing in it before its end, at a cost
  /// that grows with the square of the attributes; small portions let us refuse before that.
  private static let sliceBytes = 4096

  private let core: UnsafeMutablePointer<ParserCore>

  /// A parser for a stream from its first byte on.
  /// - Parameters:
  ///   - limits: what the peer may make us keep.
  ///   - contentNamespace: the stream's content namespace. Elements in it are reported as in `jabber:client`, so that
  ///     a component's stanzas (`jabber:component:accept`, XEP-0114) look like everybody's.
  public init(limits: XMLStreamLimits = XMLStreamLimits(), contentNamespace: String = XMLNamespace.client) {
    Self.initializeLibrary
    unsafe core = UnsafeMutablePointer<ParserCore>.allocate(capacity: 1)
    var handler = unsafe SAXHandler.make()
    guard let context = unsafe clibxml2_push_parser(&handler, core) else {
      preconditionFailure("out of memory")
    }
    unsafe core.initialize(to: ParserCore(context: context, limits: limits, contentNamespace: contentNamespace))
    unsafe xmlCtxtUseOptions(context, CInt(XML_PARSE_NONET.rawValue | XML_PARSE_IGNORE_ENC.rawValue))
    // XMPP is UTF-8 whatever a declaration says (RFC 6120 §11.6), and without this a UTF-16 byte order mark still
    // changes the encoding.
    unsafe xmlSwitchEncoding(context, XML_CHAR_ENCODING_UTF8)
    unsafe xmlDictSetLimit(context.pointee.dict, limits.dictionaryBytes)
  }

  private static let initializeLibrary: Void = xmlInitParser()

  deinit {
    let context = unsafe core.pointee.context
    unsafe core.deinitialize(count: 1)
    unsafe core.deallocate()
    // Behind a fault the library may have read entity declarations into a document that it leaves to us.
    unsafe xmlFreeDoc(context.pointee.myDoc)
    unsafe xmlFreeParserCtxt(context)
  }

  /// Parses the next bytes of the stream and delivers every event that they complete.
  /// - Parameters:
  ///   - bytes: any portion of the stream.
  ///   - deliver: takes the events in order. It must not call this parser.
  /// - Returns: how many bytes were consumed: all, or those up to and including the last `>` of the event after which
  ///   `deliver` said `.halt`. A parser that was halted consumes nothing more.
  /// - Throws: what is wrong with the stream. Events before the fault have been delivered; every later call throws the
  ///   same error.
  public func feed(_ bytes: Span<UInt8>, deliver: (XMLStreamEvent) -> Disposition) throws(XMLStreamError) -> Int {
    defer { withExtendedLifetime(self) {} }
    return try withoutActuallyEscaping(deliver) { (deliver) throws(XMLStreamError) in
      unsafe core.pointee.deliver = deliver
      defer { unsafe core.pointee.deliver = nil }
      return try parse(bytes)
    }
  }

  /// As ``feed(_:deliver:)`` with a span.
  public func feed(
    _ bytes: UnsafeRawBufferPointer, deliver: (XMLStreamEvent) -> Disposition
  ) throws(XMLStreamError) -> Int {
    try unsafe feed(bytes.assumingMemoryBound(to: UInt8.self).span, deliver: deliver)
  }

  /// As ``feed(_:deliver:)`` with a span.
  public func feed(_ bytes: [UInt8], deliver: (XMLStreamEvent) -> Disposition) throws(XMLStreamError) -> Int {
    try feed(bytes.span, deliver: deliver)
  }

  /// As ``feed(_:deliver:)`` with a span.
  public func feed(
    _ bytes: ArraySlice<UInt8>, deliver: (XMLStreamEvent) -> Disposition
  ) throws(XMLStreamError) -> Int {
    try feed(bytes.span, deliver: deliver)
  }

  private func parse(_ bytes: Span<UInt8>) throws(XMLStreamError) -> Int {
    if unsafe core.pointee.haltedAt != nil { return 0 }
    if let failure = unsafe core.pointee.failure { throw failure }
    var consumed = 0
    if unsafe core.pointee.fed == 0 {
      // A server may send white space behind the old stream of a restart, but none may stand before `<?xml`.
      while consumed < bytes.count, Self.isWhitespace(bytes[consumed]) {
        consumed += 1
      }
    }
    while consumed < bytes.count {
      let slice = bytes.extracting(consumed..<min(consumed + Self.sliceBytes, bytes.count))
      let start = unsafe core.pointee.fed
      parse(slice: slice)
      if let end = unsafe core.pointee.haltedAt { return consumed + end - start }
      if let failure = unsafe core.pointee.failure { throw failure }
      consumed += slice.count
    }
    return consumed
  }

  private func parse(slice: Span<UInt8>) {
    let start = unsafe core.pointee.fed
    let context = unsafe core.pointee.context
    unsafe slice.withUnsafeBufferPointer { bytes in
      // The library sets a trailing carriage return aside until it is done with the rest.
      let setAside = unsafe bytes.last == 0x0D ? 1 : 0
      unsafe core.pointee.fed = start + bytes.count - setAside
      unsafe bytes.withMemoryRebound(to: CChar.self) { characters in
        _ = unsafe xmlParseChunk(context, characters.baseAddress, CInt(truncatingIfNeeded: characters.count), 0)
      }
      unsafe core.pointee.fed = start + bytes.count
    }
    unsafe core.pointee.sliceEnded()
  }

  private static func isWhitespace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
  }
}
