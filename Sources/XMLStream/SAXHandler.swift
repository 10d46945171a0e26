internal import CLibXML2

/// The C side of the callbacks: each finds the core behind the user data and passes on what it got.
///
/// There are no callbacks for entities and no document is built, so nothing that a document declares takes effect.
enum SAXHandler {
  static func make() -> xmlSAXHandler {
    var handler = unsafe xmlSAXHandler()
    unsafe handler.initialized = UInt32(XML_SAX2_MAGIC)
    unsafe handler.startElementNs = { core, name, _, namespace, _, _, attributeCount, _, attributes in
      unsafe bound(core).pointee.start(
        name, namespace: namespace, attributeCount: Int(attributeCount), attributes: attributes)
    }
    unsafe handler.endElementNs = { core, _, _, _ in unsafe bound(core).pointee.end() }
    // White space is text, and goes to the very same function: else the library looks at each run twice.
    let text: charactersSAXFunc = { core, text, count in
      unsafe bound(core).pointee.text(UnsafeBufferPointer(start: text, count: Int(count)))
    }
    unsafe handler.characters = text
    unsafe handler.ignorableWhitespace = text
    unsafe handler.cdataBlock = text
    unsafe handler.comment = { core, _ in unsafe bound(core).pointee.restricted("a comment") }
    unsafe handler.processingInstruction = { core, _, _ in
      unsafe bound(core).pointee.restricted("a processing instruction")
    }
    unsafe handler.internalSubset = { core, _, _, _ in
      unsafe bound(core).pointee.restricted("a document type declaration")
    }
    unsafe handler.serror = { core, error in
      if let error = unsafe error { unsafe bound(core).pointee.report(error.pointee) }
    }
    return unsafe handler
  }
}

/// The core that was given to the library as user data.
private func bound(_ userData: UnsafeMutableRawPointer?) -> UnsafeMutablePointer<ParserCore> {
  unsafe userData!.assumingMemoryBound(to: ParserCore.self)
}
