import Testing
import XMLStream

/// What libxml2 would let pass, or understand in its own way, and what XMPP forbids (RFC 6120 §11).
@Suite struct RefusalTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let name: String
    let text: String
    let condition: XMLStreamError.Condition
    var testDescription: String { name }

    init(_ name: String, _ text: String, _ condition: XMLStreamError.Condition) {
      self.name = name
      self.text = text
      self.condition = condition
    }
  }

  /// Whatever the portions, the condition is the same and no element comes.
  private func check(_ one: Case) {
    let bytes = Array(one.text.utf8)
    for size in [1, 5, bytes.count] {
      let outcome = parse(portions(of: bytes, size: size))
      #expect(outcome.condition == one.condition, "\(outcome.error?.description ?? "no error") with \(size)")
      #expect(outcome.elements.isEmpty)
    }
  }

  @Test(arguments: [
    Case("comment in a stream", header + "<!-- x --><message/>", .restrictedXML),
    Case("comment in a stanza", header + "<message><!-- x --></message>", .restrictedXML),
    Case("comment before the header", "<!-- x -->" + header, .restrictedXML),
    Case("processing instruction in a stream", header + "<?php x ?><message/>", .restrictedXML),
    Case("processing instruction in a stanza", header + "<message><?x?></message>", .restrictedXML),
    Case("processing instruction before the header", "<?xml-stylesheet href='a'?>" + header, .restrictedXML),
    Case("document type", "<!DOCTYPE stream>" + header, .restrictedXML),
    Case("document type with entities", "<!DOCTYPE s [<!ENTITY a 'b'>]>" + header + "<m>&a;</m>", .restrictedXML),
    Case("document type from elsewhere", "<!DOCTYPE s SYSTEM 'file:///etc/passwd'>" + header, .restrictedXML),
    Case("document type in a stream", header + "<!DOCTYPE s><message/>", .restrictedXML),
    Case("comment before declarations", "<!-- --><!DOCTYPE s [<!ENTITY a 'b'>]>" + header, .restrictedXML),
    Case("entity declaration in a stream", header + "<!ENTITY a 'b'><message/>", .notWellFormed),
  ])
  func restrictedXML(_ one: Case) { check(one) }

  @Test func billionLaughsNeverExpand() {
    var text = "<!DOCTYPE lolz [<!ENTITY l0 'lol'>"
    for level in 1...9 {
      let reference = "&l\(level - 1);"
      text += "<!ENTITY l\(level) '\(String(repeating: reference, count: 10))'>"
    }
    check(Case("laughs", text + "]>" + header + "<message>&l9;</message>", .restrictedXML))
  }

  @Test(arguments: [
    Case("undefined entity", header + "<message>&nbsp;</message>", .notWellFormed),
    Case("undefined entity in an attribute", header + "<message a='&nbsp;'/>", .notWellFormed),
    Case("reference to NUL", header + "<message>&#0;</message>", .notWellFormed),
    Case("reference to a control", header + "<message>&#1;</message>", .notWellFormed),
    Case("reference to a surrogate", header + "<message>&#xD800;</message>", .notWellFormed),
    Case("reference beyond Unicode", header + "<message>&#x110000;</message>", .notWellFormed),
    Case("duplicate attribute", header + "<message a='1' a='2'/>", .notWellFormed),
    Case("mismatched end", header + "<message></iq>", .notWellFormed),
    Case("mismatched end of the stream", header + "<message></stream:stream>", .notWellFormed),
    Case("]]> in text", header + "<message>]]></message>", .notWellFormed),
    Case("< in an attribute", header + "<message a='<'/><iq/>", .notWellFormed),
    Case("attribute without quotes", header + "<message a=1/>", .notWellFormed),
    Case("bare ampersand", header + "<message>a & b</message><iq/>;", .notWellFormed),
    Case("XML declaration in a stream", header + "<?xml version='1.0'?><message/>", .notWellFormed),
    Case("XML 2.0", "<?xml version='2.0'?>" + header + "<message/>", .notWellFormed),
    Case("XML 2.0 with declarations", "<?xml version='2.0'?><!DOCTYPE s [<!ENTITY a 'b'>]>" + header, .notWellFormed),
    Case("XML 1.1", "<?xml version='1.1'?>" + header + "<message/>", .notWellFormed),
    Case("no XML at all", "HTTP/1.1 400 Bad Request\r\n\r\n", .notWellFormed),
  ])
  func notWellFormed(_ one: Case) { check(one) }

  @Test(arguments: [
    Case("unbound prefix of an element", header + "<x:message/>", .notWellFormed),
    Case("unbound prefix of a child", header + "<message><x:y/></message>", .notWellFormed),
    Case("unbound prefix of an attribute", header + "<message x:y=''/>", .notWellFormed),
    Case(
      "attribute twice by two prefixes", header + "<message xmlns:a='urn:x' xmlns:b='urn:x' a:c='' b:c=''/>",
      .notWellFormed),
    Case("prefix bound to nothing", header + "<message xmlns:x=''/>", .notWellFormed),
    Case("xml bound to another namespace", header + "<message xmlns:xml='urn:x'/>", .notWellFormed),
    Case("another prefix for xml's namespace", header + "<message xmlns:x='\(XMLNamespace.xml)'/>", .notWellFormed),
    Case("xmlns bound", header + "<message xmlns:xmlns='urn:x'/>", .notWellFormed),
    Case("two colons", header + "<message xmlns:x='urn:x'><x:y:z/></message>", .notWellFormed),
    Case("unbound prefix in the header", "<stream:stream>", .notWellFormed),
  ])
  func namespaceFaults(_ one: Case) { check(one) }

  @Test(arguments: ["<message xmlns:x='relative/uri'/>", "<message xmlns='no uri at all [%'/>", "<message xmlns=''/>"])
  func oddNamespaceNamesAreNames(_ text: String) {
    // Servers relay them, so refusing would let any correspondent end our stream.
    let outcome = parse(header + text)
    #expect(outcome.error == nil)
    #expect(outcome.elements.count == 1)
  }

  @Test(arguments: [
    Case("word", header + "hello<message/>", .badFormat),
    Case("reference", header + "&lt;<message/>", .badFormat),
    Case("CDATA", header + "<![CDATA[x]]><message/>", .badFormat),
    Case("byte order mark", header + "\u{FEFF}<message/>", .badFormat),
    Case("long text", header + String(repeating: "x", count: 3000), .badFormat),
  ])
  func textBetweenStanzas(_ one: Case) { check(one) }

  @Test(
    arguments: [
      [0x00], [0x01], [0x1F], [0x80], [0xFF], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x80, 0x80], [0xC3], [0xE2, 0x82],
      [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80], [0xEF, 0xBF, 0xBE],
      [0xEF, 0xBF, 0xBF],
    ] as [[UInt8]])
  func forbiddenBytes(_ bytes: [UInt8]) {
    for (before, after) in [("<message>a", "b</message>"), ("<message a='a", "b'/>"), ("<mess", "age/>")] {
      let text = Array((header + before).utf8) + bytes + Array((after + "<iq/><iq/>").utf8)
      for size in [1, text.count] {
        let outcome = parse(portions(of: text, size: size))
        #expect(outcome.condition == .notWellFormed || outcome.condition == .unsupportedEncoding)
        #expect(outcome.elements.isEmpty)
      }
    }
  }

  @Test(arguments: ["ISO-8859-1", "UTF-7", "UTF-16", "EBCDIC-US", "nonsense"])
  func declaredEncodingChangesNothing(_ encoding: String) {
    let outcome = parse(
      "<?xml version='1.0' encoding='\(encoding)'?>" + header + "<message><body>é+AGE-</body></message>")
    #expect(outcome.elements.first?.child("body", in: "jabber:client")?.text == "é+AGE-")
  }

  @Test func latin1IsRefused() {
    let text = Array(("<?xml version='1.0' encoding='ISO-8859-1'?>" + header + "<message>").utf8) + [0xE9]
    let outcome = parse(bytes: text + Array("</message>".utf8))
    #expect(outcome.condition == .notWellFormed || outcome.condition == .unsupportedEncoding)
    #expect(outcome.elements.isEmpty)
  }

  @Test func utf16AndByteOrderMarksAreRefused() {
    let text = ("<?xml version='1.0'?>" + header + "<message/>").utf16
    let little = text.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
    let big = text.flatMap { [UInt8(truncatingIfNeeded: $0 >> 8), UInt8(truncatingIfNeeded: $0)] }
    let utf8 = Array((header + "<message/>").utf8)
    for bytes in [[0xFF, 0xFE] + little, [0xFE, 0xFF] + big, little, big, [0xEF, 0xBB, 0xBF] + utf8] {
      for size in [1, 4, bytes.count] {
        let outcome = parse(portions(of: bytes, size: size))
        #expect(outcome.error != nil)
        #expect(outcome.events.isEmpty)
      }
    }
  }

  @Test func conditionsHaveTheNamesOfTheRFC() {
    #expect(XMLStreamError.Condition.restrictedXML.rawValue == "restricted-xml")
    #expect(
      parse(header + "<!-- x -->").error?.description == "restricted-xml: a comment")
  }
}
