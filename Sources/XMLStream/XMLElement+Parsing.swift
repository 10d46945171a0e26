extension XMLElement {
  /// Parses one complete element, as tests write it and as stores keep it.
  /// - Parameter text: the element and nothing around it but white space. Where it declares no default namespace, that
  ///   is `jabber:client`; the prefix `stream` is declared.
  /// - Throws: why the text is no such element; the limits are those of a stream.
  public init(parsing text: String) throws(XMLStreamError) {
    let parser = XMLStreamParser()
    var element: XMLElement?
    var count = 0
    let header = "<stream:stream xmlns='\(XMLNamespace.client)' xmlns:stream='\(XMLNamespace.streams)'>"
    for part in [header, text, "</stream:stream>"] {
      _ = try parser.feed(part.utf8.span) { event in
        if case .element(let parsed) = event {
          element = parsed
          count += 1
        }
        return .proceed
      }
    }
    guard let element, count == 1 else {
      throw XMLStreamError(condition: .badFormat, reason: "\(count) elements instead of one")
    }
    self = element
  }
}
