import TestSupport
import Testing
import XMLStream

/// A stanza is delivered with its last byte, and portions of the stream do not show in what is delivered.
@Suite struct SplitTests {
  static let shapes = [
    "<presence/>",
    "<presence></presence>",
    "<message><body>text</body></message>",
    "<message><body>" + String(repeating: "0123456789", count: 100) + "</body></message>",
    "<message><body>line\r\nline\rline\r</body>\r</message>",
    "<message><body>&lt;a&gt; &amp; &#x1F600;&quot;</body></message>",
    "<message><body><![CDATA[<b>&amp;]]>]]&gt;</body></message>",
    "<message a='x > y' b=\"it's\" c='&amp;&#38;&lt;&#10;' xml:lang='en'/>",
    "<message><body>grüße \u{1F469}\u{200D}\u{1F680} 漢字</body></message>",
    """
    <message from='juliet@example.org/balcony' to='romeo@example.net' id='ktx72v49' type='chat'>\
    <body>Art thou not Romeo?</body><request xmlns='urn:xmpp:receipts'/>\
    <active xmlns='http://jabber.org/protocol/chatstates'/><x:o xmlns:x='urn:xmpp:sid:0' x:id='a' id='b'/></message>
    """,
    "<a><b><c>1<d/>2</c><c xmlns='urn:x'>3</c></b>4</a>",
  ]
  static let headers = [
    header,
    "<?xml version='1.0'?>" + header,
    "\n<?xml version=\"1.0\" encoding='UTF-8' ?>\n<stream xmlns='http://etherx.jabber.org/streams'\n xmlns:s='urn:s'>\n",
  ]

  @Test(arguments: headers)
  func elementArrivesWithItsLastByte(_ header: String) throws {
    for between in ["", "\n", " "] {
      for size in [1, Int.max] {
        let parser = XMLStreamParser()
        var count = 0
        func feed(_ text: String) throws {
          let bytes = Array(text.utf8)
          for portion in portions(of: bytes, size: min(size, bytes.count)) {
            _ = try parser.feed(portion) { _ in
              count += 1
              return .proceed
            }
          }
        }
        try feed(header)
        #expect(count == 1)
        for round in 0..<5 {
          for (index, shape) in Self.shapes.enumerated() {
            try feed(shape)
            #expect(count == 2 + round * Self.shapes.count + index, "\(shape)")
            if !between.isEmpty { try feed(between) }
          }
        }
        let before = count
        try feed("</\(header.contains("stream:stream") ? "stream:" : "")stream>")
        #expect(count == before + 1)
      }
    }
  }

  @Test(arguments: shapes)
  func everyCutInTwoGivesTheSame(_ shape: String) {
    let bytes = Array((header + shape + shape + "</stream:stream>").utf8)
    let whole = parse(bytes: bytes)
    #expect(whole.error == nil)
    #expect(whole.events.count == 4)
    for cut in 0...bytes.count {
      #expect(parse([bytes[..<cut], bytes[cut...]]) == whole)
    }
    #expect(parse(portions(of: bytes, size: 1)) == whole)
  }

  @Test func randomPortionsGiveTheSame() {
    var generator = SeededGenerator(seed: 1)
    for _ in 0..<300 {
      var text = Self.headers.randomElement(using: &generator)!
      for _ in 0..<8 {
        text += Self.shapes.randomElement(using: &generator)!
        text += ["", " ", "\r\n"].randomElement(using: &generator)!
      }
      let bytes = Array(text.utf8)
      let whole = parse(bytes: bytes)
      #expect(whole.elements.count == 8)
      #expect(parse(randomPortions(of: bytes, using: &generator)) == whole)
    }
  }

  /// Faults too: the same events before them and the same condition, however the bytes came.
  @Test func randomFaultsAreTheSameInAnyPortions() {
    var generator = SeededGenerator(seed: 2)
    for _ in 0..<1500 {
      var bytes = Array((header + Self.shapes.shuffled(using: &generator).prefix(3).joined()).utf8)
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        let index = Int.random(in: 0..<bytes.count, using: &generator)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: bytes[index] = UInt8.random(in: 0...255, using: &generator)
        case 1: bytes.remove(at: index)
        case 2: bytes.insert(Array("<>&'\"/ !?x:;#]".utf8).randomElement(using: &generator)!, at: index)
        default: bytes.swapAt(index, Int.random(in: 0..<bytes.count, using: &generator))
        }
      }
      // What libxml2 still waits for shows only when more comes.
      bytes += Array("</end>".utf8)
      let whole = parse(bytes: bytes)
      let cut = parse(randomPortions(of: bytes, using: &generator))
      #expect(cut.events == whole.events)
      #expect((cut.error == nil) == (whole.error == nil))
    }
  }

  private func randomPortions(of bytes: [UInt8], using generator: inout SeededGenerator) -> [ArraySlice<UInt8>] {
    var result: [ArraySlice<UInt8>] = []
    var index = 0
    while index < bytes.count {
      let end = min(bytes.count, index + Int.random(in: 1...40, using: &generator))
      result.append(bytes[index..<end])
      index = end
    }
    return result
  }
}
