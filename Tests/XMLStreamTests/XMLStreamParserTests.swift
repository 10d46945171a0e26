import Testing
import XMLStream

@Suite struct XMLStreamParserTests {
  @Test func streamIsHeaderElementsAndEnd() throws {
    let outcome = parse(
      "<?xml version='1.0'?>" + header + "<message/> <presence><show>away</show></presence></stream:stream>\n")
    let expected: [XMLStreamEvent] = [
      .opened(StreamHeader(id: "s1", version: "1.0")),
      .element(try XMLElement(parsing: "<message/>")),
      .element(try XMLElement(parsing: "<presence><show>away</show></presence>")),
      .closed,
    ]
    #expect(outcome.error == nil)
    #expect(outcome.events == expected)
  }

  @Test func headerTellsItsAttributes() {
    let outcome = parse(
      """
      <stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' \
      from='example.org' to='juliet@example.org' id='&lt;1&gt;' version='1.0' xml:lang='de'>
      """)
    let expected = StreamHeader(
      from: "example.org", to: "juliet@example.org", id: "<1>", version: "1.0", language: "de")
    #expect(outcome.events == [.opened(expected)])
  }

  @Test func headerWithoutPrefixIsAHeader() {
    #expect(parse("<stream xmlns='http://etherx.jabber.org/streams'/>").events == [.opened(StreamHeader()), .closed])
  }

  @Test(arguments: [
    ("<stream:stream xmlns:stream='http://example.org'>", XMLStreamError.Condition.invalidNamespace),
    ("<stream xmlns='jabber:client'>", .invalidNamespace),
    ("<stream>", .invalidNamespace),
    ("<stream:features xmlns:stream='http://etherx.jabber.org/streams'/>", .badFormat),
    ("<html><body>502 Bad Gateway</body></html>", .invalidNamespace),
  ])
  func otherRootsAreRefused(_ text: String, condition: XMLStreamError.Condition) {
    let outcome = parse(text)
    #expect(outcome.condition == condition)
    #expect(outcome.events.isEmpty)
  }

  @Test func streamWithinTheStreamIsRefused() {
    let outcome = parse(header + "<message/>" + header + "</stream:stream>")
    #expect(outcome.condition == .badFormat)
    #expect(outcome.elements.count == 1)
  }

  @Test func whitespaceBetweenStanzasIsKeepalive() {
    let outcome = parse(header + " \n\t\r\n<message/>\n \n<message/>" + String(repeating: " ", count: 5000))
    #expect(outcome.error == nil)
    #expect(outcome.elements.count == 2)
  }

  @Test(arguments: ["\r\n ", " ", "\n\n"])
  func whitespaceBeforeTheDeclarationIsSkipped(_ blank: String) {
    let text = blank + "<?xml version='1.0'?>" + header
    #expect(parse(text).events.count == 1)
    #expect(parse(text).consumed == text.utf8.count)
    #expect(parse(portions(of: Array(text.utf8), size: 1)).events.count == 1)
  }

  @Test func contentNamespaceOfAComponentIsReportedAsThatOfClients() throws {
    let parser = XMLStreamParser(contentNamespace: "jabber:component:accept")
    var elements: [XMLElement] = []
    let text = """
      <stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams'>\
      <message><body>x</body><e xmlns='urn:e'/></message>
      """
    _ = try parser.feed(Array(text.utf8)) { event in
      if case .element(let element) = event { elements.append(element) }
      return .proceed
    }
    #expect(elements == [try XMLElement(parsing: "<message><body>x</body><e xmlns='urn:e'/></message>")])
  }

  @Test func parserThatFailedThrowsTheSameAgain() {
    let parser = XMLStreamParser()
    var errors: [XMLStreamError] = []
    for text in [header + "<a></b>", "<message/>", ""] {
      do {
        _ = try parser.feed(Array(text.utf8)) { event in
          #expect(!isElement(event))
          return .proceed
        }
      } catch {
        errors.append(error)
      }
    }
    #expect(errors.map(\.condition) == [.notWellFormed, .notWellFormed, .notWellFormed])
    #expect(Set(errors.map(\.reason)).count == 1)
  }

  @Test func nothingIsDeliveredBehindAFault() {
    let outcome = parse(header + "<a/><b/><!-- no --><c/><d/>")
    #expect(outcome.elements.map(\.name) == ["a", "b"])
    #expect(outcome.condition == .restrictedXML)
  }

  @Test func onlyWhitespaceMayFollowTheStream() {
    #expect(parse(header + "</stream:stream> \n").error == nil)
    #expect(parse(header + "</stream:stream><message/>").condition == .notWellFormed)
    #expect(parse(header + "</stream:stream>text").condition == .notWellFormed)
  }

  // MARK: Halting

  @Test(arguments: [
    "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
    "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'></proceed>",
    "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'><x/>text</proceed >",
  ])
  func haltTellsWhereTheElementEnded(_ proceed: String) {
    let before = header + "<stream:features/>"
    for behind in ["", "\r", "\r\n", " ", "\u{16}\u{3}\u{1}\u{0}", "<message/>", "<!-- -->", "<broken", "&", "\n\r"] {
      let text = Array((before + proceed + behind).utf8)
      for size in [1, 7, 64, text.count] {
        let parser = XMLStreamParser()
        var names: [String] = []
        var consumed = 0
        for portion in portions(of: text, size: size) {
          let count = try? parser.feed(portion) { event in
            guard case .element(let element) = event else { return .proceed }
            names.append(element.name)
            return element.name == "proceed" ? .halt : .proceed
          }
          consumed += count ?? 0
        }
        #expect(names == ["features", "proceed"])
        #expect(consumed == text.count - behind.utf8.count, "\(behind) in portions of \(size)")
      }
    }
  }

  @Test(arguments: [">", "/>", "  >", "\n/>"])
  func haltAtTheHeaderTellsWhereItEnded(_ end: String) {
    let start = header.dropLast() + end
    let outcome = parse(start + "<message/>", haltAt: { _ in true })
    #expect(outcome.consumed == start.utf8.count)
    #expect(outcome.events.count == 1)
  }

  @Test func haltAtTheEndTellsWhereItEnded() {
    let outcome = parse(header + "</stream:stream >\n\n", haltAt: { $0 == .closed })
    #expect(outcome.consumed == header.utf8.count + 17)
  }

  @Test func haltCountsBytesOfSlicesBefore() {
    let stanza = "<message><body>" + String(repeating: "é", count: 9000) + "</body></message>"
    let outcome = parse(header + stanza + stanza, haltAt: isElement)
    #expect(outcome.consumed == (header + stanza).utf8.count)
    #expect(outcome.elements.count == 1)
  }

  @Test func haltedParserConsumesNothingMore() throws {
    let parser = XMLStreamParser()
    _ = try parser.feed(Array((header + "<a/>").utf8)) { isElement($0) ? .halt : .proceed }
    let consumed = try parser.feed(Array("<b/>".utf8)) { _ in
      Issue.record("an event after the halt")
      return .proceed
    }
    #expect(consumed == 0)
  }

  @Test func parserMayBeDroppedByWhatItDelivers() throws {
    var parser: XMLStreamParser? = XMLStreamParser()
    var count = 0
    _ = try parser?.feed(Array((header + "<a/><b/>").utf8)) { _ in
      parser = nil
      count += 1
      return .proceed
    }
    #expect(count == 3)
  }

  @Test func elementsOutliveTheirParser() throws {
    var kept: [XMLElement] = []
    do {
      let parser = XMLStreamParser()
      let text = header + "<message to='a-rather-long-address@example.org'><body>kept</body></message>"
      _ = try parser.feed(Array(text.utf8)) { event in
        if case .element(let element) = event { kept.append(element) }
        return .proceed
      }
    }
    #expect(kept.first?.description == "<message to='a-rather-long-address@example.org'><body>kept</body></message>")
  }
}
