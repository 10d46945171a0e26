import Testing
import XMLStream

@Suite struct XMLElementTests {
  private let message: XMLElement

  init() throws {
    message = try XMLElement(
      parsing: """
        <message from='a@example.org' xml:lang='de' xmlns:p='urn:p' p:hint='1' hint='2'>one\
        <body>Hallo <b xmlns='urn:b'>du</b> da</body>two<body xml:lang='en'>Hello</body>\
        <x xmlns='jabber:x:oob'><url>https://example.org/?a=1&amp;b=2</url></x>three</message>
        """)
  }

  @Test func nameNamespaceAndAttributes() {
    #expect(message.name == "message")
    #expect(message.namespace == "jabber:client")
    #expect(message.is("message", in: "jabber:client"))
    #expect(!message.is("message", in: "jabber:server"))
    #expect(!message.is("iq", in: "jabber:client"))
    #expect(message.attribute("from") == "a@example.org")
    #expect(message.attribute("to") == nil)
    #expect(message.attribute("hint") == "2")
    #expect(message.attribute("hint", namespace: "urn:p") == "1")
    #expect(message.attribute("lang") == nil)
    #expect(message.attribute("lang", namespace: XMLNamespace.xml) == "de")
    #expect(message.attributes.map(\.name) == ["from", "lang", "hint", "hint"])
    #expect(message.attributes.map(\.namespace) == ["", XMLNamespace.xml, "urn:p", ""])
  }

  @Test func childrenAreTheElementsDirectlyInside() throws {
    #expect(message.children.map(\.name) == ["body", "body", "x"])
    #expect(message.children.first?.name == "body")
    #expect(message.child("url", in: "jabber:x:oob") == nil)
    let oob = try #require(message.child("x", in: "jabber:x:oob"))
    #expect(oob.child("url", in: "jabber:x:oob")?.text == "https://example.org/?a=1&b=2")
    #expect(oob.children.first?.children.first == nil)
  }

  @Test func textIsWhatStandsDirectlyInside() {
    #expect(message.text == "onetwothree")
    let bodies = message.children.filter { $0.is("body", in: "jabber:client") }
    #expect(bodies.map(\.text) == ["Hallo  da", "Hello"])
    #expect(bodies.map { Array($0.textBytes) } == bodies.map { Array($0.text.utf8) })
    #expect(message.child("x", in: "jabber:x:oob")?.text == "")
  }

  @Test(arguments: [
    ("&amp;", "&"), ("&#38;", "&"), ("&#x26;", "&"), ("&amp;#38;", "&#38;"), ("&amp;amp;", "&amp;"),
    ("a&amp;b&amp;&amp;c", "a&b&&c"), ("&lt;&gt;&quot;&apos;", "<>\"'"), ("a\nb\tc", "a b c"), ("&#10;&#9;", "\n\t"),
    ("é&#xe9;\u{1F600}", "éé\u{1F600}"),
  ])
  func referencesInAttributesAreResolved(written: String, value: String) throws {
    #expect(try XMLElement(parsing: "<a b='\(written)'/>").attribute("b") == value)
  }

  @Test(arguments: [
    ("&amp;amp;", "&amp;"), ("&#38;lt;", "&lt;"), ("a\r\nb\rc&#13;", "a\nb\nc\r"),
    ("<![CDATA[<&amp;>]]>]]&gt;", "<&amp;>]]>"),
    (" \n ", " \n "),
  ])
  func referencesInTextAreResolved(written: String, value: String) throws {
    #expect(try XMLElement(parsing: "<a>\(written)</a>").text == value)
  }

  @Test(arguments: ["urn:a&amp;b", "urn:a&#38;b", "urn:a&#x26;b"])
  func referencesInNamespacesAreResolved(written: String) throws {
    #expect(try XMLElement(parsing: "<a xmlns='\(written)'/>").namespace == "urn:a&b")
    #expect(try XMLElement(parsing: "<a xmlns:p='\(written)' p:b='1'/>").attribute("b", namespace: "urn:a&b") == "1")
  }

  @Test func equalityIsThatOfContent() throws {
    func parsed(_ text: String) throws -> XMLElement { try XMLElement(parsing: text) }
    let same = [
      "<a xmlns='urn:a' x='1' y='2'><b>t</b></a>", "<p:a y='2' x='1' xmlns:p='urn:a'><p:b>t</p:b></p:a>",
      "<a xmlns='urn:a' y=\"2\" x='&#49;'><b><![CDATA[t]]></b></a>",
    ]
    for one in same {
      for other in same { #expect(try parsed(one) == parsed(other)) }
    }
    let others = [
      "<a xmlns='urn:b' x='1' y='2'><b>t</b></a>", "<a xmlns='urn:a' x='1' y='3'><b>t</b></a>",
      "<a xmlns='urn:a' x='1'><b>t</b></a>", "<a xmlns='urn:a' x='1' y='2' z='3'><b>t</b></a>",
      "<a xmlns='urn:a' x='1' y='2'><b>tt</b></a>", "<a xmlns='urn:a' x='1' y='2'><b>t</b> </a>",
      "<a xmlns='urn:a' x='1' y='2'><b/></a>", "<a xmlns='urn:a' x='1' y='2'><c>t</c></a>",
      "<a xmlns='urn:a' x='1' y='2'><b xmlns=''>t</b></a>", "<a xmlns='urn:a' x='1' y='2'>t<b/></a>",
    ]
    for other in others { #expect(try parsed(same[0]) != parsed(other)) }
  }

  @Test func equalityComparesSubtreesWhereverTheyStand() throws {
    let outer = try XMLElement(parsing: "<a><x>1</x><b c='d'>t<e/></b></a>")
    let alone = try XMLElement(parsing: "<b c='d'>t<e/></b>")
    #expect(outer.child("b", in: "jabber:client") == alone)
    #expect(try outer.child("b", in: "jabber:client") != XMLElement(parsing: "<b c='d'>t</b>"))
    #expect(try XMLElement(parsing: "<a><b/><b/></a>") != XMLElement(parsing: "<a><b><b/></b></a>"))
  }

  @Test(arguments: [
    "", " ", "text", "<a/><b/>", "<a/>text", "<a>", "</stream:stream>", "<a/></stream:stream>",
    "<?xml version='1.0'?><a/>",
    "<!DOCTYPE a><a/>", "<a/><!-- -->", "<a/></stream:stream><stream:stream xmlns:stream='x'>", "<a/", "&",
  ])
  func onlyOneCompleteElementParses(_ text: String) {
    #expect(throws: XMLStreamError.self) { try XMLElement(parsing: text) }
  }

  @Test func prefixOfTheStreamIsKnown() throws {
    let element = try XMLElement(
      parsing: " <stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>\n")
    #expect(element.is("error", in: XMLNamespace.streams))
    #expect(element.children.first?.name == "conflict")
  }
}
