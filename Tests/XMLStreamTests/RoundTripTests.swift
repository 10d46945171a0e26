import TestSupport
import Testing
import XMLStream

/// Whatever is in a stanza comes out again as it went in, known or not.
@Suite struct RoundTripTests {
  private static let names = ["message", "body", "x", "iq", "häuschen", "a-b.c_d", "query"]
  private static let namespaces = ["jabber:client", "urn:x", "urn:y&'<z", "", "http://etherx.jabber.org/streams"]
  private static let texts = [
    "", " ", "text", "a & b", "<tag/>", "]]>", "'\"", "\r\n", "\t", "\n", "é漢\u{1F600}", "\u{2028}", "&#38;", "&amp;",
    String(repeating: "long ", count: 500),
  ]

  /// A random tree, written by one writer.
  private func write(_ writer: inout XMLWriter, depth: Int, using generator: inout SeededGenerator) {
    writer.open(
      Self.names.randomElement(using: &generator)!, namespace: Self.namespaces.randomElement(using: &generator)!)
    var used: Set<String> = []
    for _ in 0..<Int.random(in: 0...3, using: &generator) {
      let name = Self.names.randomElement(using: &generator)!
      let namespace = ["", "", "urn:x", XMLNamespace.xml, "urn:z"].randomElement(using: &generator)!
      if used.insert(name + " " + namespace).inserted {
        writer.attribute(name, Self.texts.randomElement(using: &generator)!, namespace: namespace)
      }
    }
    for _ in 0..<Int.random(in: 0...(depth > 5 ? 0 : 3), using: &generator) {
      if Bool.random(using: &generator) {
        writer.text(Self.texts.randomElement(using: &generator)!)
      } else {
        write(&writer, depth: depth + 1, using: &generator)
      }
    }
    writer.close()
  }

  @Test func randomTreesSurviveWriterAndParser() throws {
    var generator = SeededGenerator(seed: 4)
    for _ in 0..<2000 {
      var writer = XMLWriter()
      write(&writer, depth: 0, using: &generator)
      let outcome = parse(header + String(decoding: writer.bytes, as: UTF8.self))
      // A random root may be the one that no stanza can be.
      if outcome.condition == .badFormat { continue }
      let element = try #require(outcome.elements.first, "\(String(decoding: writer.bytes, as: UTF8.self))")
      #expect(outcome.elements.count == 1)
      let again = try XMLElement(parsing: element.description)
      #expect(again == element)
      #expect(again.serialized() == element.serialized())
    }
  }

  @Test(arguments: SplitTests.shapes)
  func shapesSurvive(_ shape: String) throws {
    let element = try XMLElement(parsing: shape)
    #expect(try XMLElement(parsing: element.description) == element)
  }

  @Test func unknownChildrenAndMixedContentSurvive() throws {
    let text =
      "<message to='a'>1<x xmlns='urn:unknown' b='&amp;'>2<y><z xmlns='urn:other'/>3</y></x>4<w xmlns='jabber:server'/></message>"
    #expect(try XMLElement(parsing: text).description == text)
  }

  @Test func prefixesBecomeDefaultNamespaces() throws {
    let element = try XMLElement(
      parsing: "<m:message xmlns:m='jabber:client' xmlns:p='urn:p' p:a='1'><p:x/></m:message>")
    #expect(element.description == "<message xmlns:a0='urn:p' a0:a='1'><x xmlns='urn:p'/></message>")
  }

  @Test func subtreeIsWrittenWithItsNamespace() throws {
    let element = try XMLElement(parsing: "<message><f xmlns='urn:f'><g/></f></message>")
    #expect(element.children.first?.children.first?.description == "<g xmlns='urn:f'/>")
  }

  @Test func writerTakesParsedElements() throws {
    let payload = try XMLElement(parsing: "<event xmlns='urn:e'><message xmlns='jabber:client'>x</message></event>")
    var writer = XMLWriter()
    writer.open("message")
    writer.element(payload)
    writer.close()
    #expect(
      String(decoding: writer.bytes, as: UTF8.self)
        == "<message><event xmlns='urn:e'><message xmlns='jabber:client'>x</message></event></message>")
  }
}
