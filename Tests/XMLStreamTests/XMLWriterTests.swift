import TestSupport
import Testing
import XMLStream

@Suite struct XMLWriterTests {
  private func written(inStream: Bool = false, _ build: (inout XMLWriter) -> Void) -> String {
    var writer = XMLWriter(inStream: inStream)
    build(&writer)
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  @Test func elementsAttributesAndText() {
    let text = written { writer in
      writer.open("message")
      writer.attribute("to", "a@example.org")
      writer.open("body")
      writer.text("one ")
      writer.text("two")
      writer.close()
      writer.open("request", namespace: "urn:xmpp:receipts")
      writer.close()
      writer.close()
      writer.open("presence")
      writer.close()
    }
    #expect(
      text
        == "<message to='a@example.org'><body>one two</body><request xmlns='urn:xmpp:receipts'/></message><presence/>")
  }

  @Test func namespacesAreDeclaredWhereTheyChange() {
    let text = written { writer in
      writer.open("iq", namespace: "jabber:client")
      writer.open("pubsub", namespace: "urn:pubsub")
      writer.open("publish")
      writer.open("item", namespace: "urn:pubsub")
      writer.open("message", namespace: "jabber:client")
      writer.open("x", namespace: "")
      for _ in 0..<6 { writer.close() }
    }
    #expect(
      text
        == "<iq><pubsub xmlns='urn:pubsub'><publish><item><message xmlns='jabber:client'><x xmlns=''/></message></item></publish></pubsub></iq>"
    )
  }

  @Test func prefixStreamIsUsedInStreamsOnly() {
    func error(_ writer: inout XMLWriter) {
      writer.open("error", namespace: XMLNamespace.streams)
      writer.open("conflict", namespace: "urn:ietf:params:xml:ns:xmpp-streams")
      writer.close()
      writer.open("same")
      writer.close()
      writer.open("message", namespace: XMLNamespace.client)
      writer.close()
      writer.close()
    }
    #expect(
      written(inStream: true, error)
        == "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/><stream:same/><message/></stream:error>"
    )
    #expect(
      written(error)
        == "<error xmlns='http://etherx.jabber.org/streams'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/><same/><message xmlns='jabber:client'/></error>"
    )
  }

  @Test func attributesInNamespacesGetPrefixes() {
    let text = written { writer in
      writer.open("a")
      writer.attribute("lang", "de", namespace: XMLNamespace.xml)
      writer.attribute("x", "1", namespace: "urn:x")
      writer.attribute("y", "2", namespace: "urn:x")
      writer.attribute("z", "3", namespace: "urn:z")
      writer.open("b")
      writer.attribute("x", "4", namespace: "urn:z")
      writer.close()
      writer.close()
    }
    #expect(
      text
        == "<a xml:lang='de' xmlns:a0='urn:x' a0:x='1' a0:y='2' xmlns:a1='urn:z' a1:z='3'><b xmlns:a0='urn:z' a0:x='4'/></a>"
    )
  }

  @Test(arguments: [
    ("a & b < c > d", "a &amp; b &lt; c &gt; d"), ("]]>", "]]&gt;"), ("it's \"x\"", "it's \"x\""),
    ("a\r\n\tb", "a&#13;\n\tb"), ("é漢\u{1F600}", "é漢\u{1F600}"), ("", ""), ("&", "&amp;"),
    ("a\u{0}b\u{1}\u{1F}c", "a\u{FFFD}b\u{FFFD}\u{FFFD}c"), ("\u{FFFE}x\u{FFFF}", "\u{FFFD}x\u{FFFD}"),
    ("\u{FFFD}\u{FEFF}þ¾", "\u{FFFD}\u{FEFF}þ¾"), ("\u{7F}\u{85}", "\u{7F}\u{85}"),
  ])
  func textIsEscaped(_ text: String, as expected: String) {
    let result = written { writer in
      writer.open("a")
      writer.text(text)
      writer.text(utf8: text.utf8.span)
      writer.close()
    }
    #expect(result == (text.isEmpty ? "<a></a>" : "<a>\(expected)\(expected)</a>"))
  }

  @Test(arguments: [
    ("a & b < c > d", "a &amp; b &lt; c &gt; d"), ("it's \"x\"", "it&apos;s \"x\""), ("a\r\n\tb", "a&#13;&#10;&#9;b"),
    ("a\u{0}b", "a\u{FFFD}b"), ("x\u{FFFF}", "x\u{FFFD}"),
  ])
  func attributeValuesAreEscaped(_ value: String, as expected: String) {
    let result = written { writer in
      writer.open("a")
      writer.attribute("b", value)
      writer.close()
    }
    #expect(result == "<a b='\(expected)'/>")
  }

  @Test func streamHeaderIsParsedAsItWasMeant() throws {
    let header = StreamHeader(
      from: "a&b@example.org", to: "example.org", id: "'1'", version: "1.0", language: "en")
    let bytes = XMLWriter.streamHeader(header)
    #expect(
      String(decoding: bytes, as: UTF8.self)
        == "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' from='a&amp;b@example.org' to='example.org' id='&apos;1&apos;' version='1.0' xml:lang='en'>"
    )
    #expect(parse(bytes: bytes).events == [.opened(header)])
    let component = XMLWriter.streamHeader(
      StreamHeader(to: "b.example.org"), contentNamespace: "jabber:component:accept")
    #expect(
      String(decoding: component, as: UTF8.self)
        == "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' to='b.example.org'>"
    )
  }

  @Test(
    arguments: [
      ("", nil), ("plain", nil), ("tab\tline\nreturn\r", nil),
      ("é漢\u{1F600}\u{FFFD}\u{FEFF}\u{D7FF}\u{E000}\u{10FFFF}", nil),
      ("ab\u{0}", 2), ("é\u{B}", 2), ("\u{1B}[0m", 0), ("x\u{FFFE}", 1), ("x\u{FFFF}", 1), ("\u{7F}", nil),
    ] as [(String, Int?)])
  func forbiddenCharactersAreFound(_ text: String, at index: Int?) {
    #expect(XMLWriter.firstForbidden(in: Array(text.utf8)) == index)
  }

  @Test(
    arguments: [
      ([0x80], 0), ([0x61, 0xC0, 0x80], 1), ([0xC1, 0xBF], 0), ([0xE0, 0x9F, 0xBF], 0), ([0xED, 0xA0, 0x80], 0),
      ([0xF0, 0x8F, 0xBF, 0xBF], 0), ([0xF4, 0x90, 0x80, 0x80], 0), ([0xF5, 0x80, 0x80, 0x80], 0), ([0xC3], 0),
      ([0xE2, 0x82], 0), ([0xF0, 0x9F, 0x98], 0), ([0xC3, 0xA9, 0xC3, 0x28], 2), ([0xE2, 0x28, 0xA1], 0),
      ([0xF0, 0x9F, 0x98, 0x80, 0xFF], 4),
    ] as [([UInt8], Int)])
  func illFormedUTF8IsFound(_ bytes: [UInt8], at index: Int) {
    #expect(XMLWriter.firstForbidden(in: bytes) == index)
  }

  /// What is called fine passes the parser, and what is not does not.
  @Test func forbiddenIsWhatTheParserRefuses() {
    var generator = SeededGenerator(seed: 3)
    for _ in 0..<5000 {
      let bytes = (0..<Int.random(in: 1...5, using: &generator)).map { _ in
        [UInt8.random(in: 0...255, using: &generator), 0xEF, 0xBF, 0xE0, 0xC3, 0xA9, 0x61].randomElement(
          using: &generator)!
      }
      if bytes.contains(where: { "<&>".utf8.contains($0) }) { continue }
      let outcome = parse(bytes: Array((header + "<a>").utf8) + bytes + Array("</a><b/>".utf8))
      #expect((XMLWriter.firstForbidden(in: bytes) == nil) == (outcome.elements.count == 2), "\(bytes)")
    }
  }
}
