import Testing
import XMLStream

@Suite struct LimitTests {
  @Test func attributesAreRefusedBeforeTheyCost() {
    // The library would take 50 ms for this tag and call back afterwards.
    let attributes = (0..<16_000).map { " a\($0)=''" }.joined()
    let text = Array((header + "<message" + attributes + "/>").utf8)
    let parser = XMLStreamParser()
    var fed = 0
    var condition: XMLStreamError.Condition?
    for portion in portions(of: text, size: 1024) where condition == nil {
      do {
        fed += try parser.feed(portion) { _ in .proceed }
      } catch {
        condition = error.condition
      }
    }
    #expect(condition == .policyViolation)
    #expect(fed <= 20 << 10)
  }

  @Test(arguments: [
    "<message" + (0..<16_000).map { " xmlns:a\($0)='urn:x'" }.joined() + "/>",
    "<message a='" + String(repeating: "x", count: 21 << 10) + "'/>",
    "<message><![CDATA[" + String(repeating: "x", count: 21 << 10) + "]]></message>",
    "<!--" + String(repeating: "x", count: 21 << 10),
    "<" + String(repeating: "x", count: 21 << 10),
    "<message>&" + String(repeating: "x", count: 21 << 10),
  ])
  func largeTokensAreRefused(_ text: String) {
    #expect(parse(header + text).error != nil)
    #expect(parse(portions(of: Array((header + text).utf8), size: 1000)).error != nil)
  }

  @Test func tokenUpToTheLimitPasses() {
    let text = "<message a='" + String(repeating: "x", count: (16 << 10) - 100) + "'/>"
    for size in [1, 100, 4096, 1 << 20] {
      let outcome = parse(portions(of: Array((header + text).utf8), size: size))
      #expect(outcome.error == nil)
      #expect(outcome.elements.count == 1)
    }
  }

  @Test func longTextIsNoToken() {
    let body = String(repeating: "text & more ", count: 40_000)
    var writer = XMLWriter()
    writer.open("message")
    writer.text(body)
    writer.close()
    let outcome = parse(header + String(decoding: writer.bytes, as: UTF8.self))
    #expect(outcome.elements.first?.text == body)
  }

  @Test func depthIsLimitedExactly() {
    func nested(_ depth: Int, xmlns: String = "") -> String {
      String(repeating: "<a\(xmlns)>", count: depth) + String(repeating: "</a>", count: depth)
    }
    #expect(parse(header + nested(64)).elements.count == 1)
    #expect(parse(header + nested(65)).condition == .policyViolation)
    #expect(parse(header + nested(16_000, xmlns: " xmlns='urn:x'")).condition == .policyViolation)
    #expect(parse(header + nested(3), limits: XMLStreamLimits(depth: 2)).condition == .policyViolation)
  }

  @Test func stanzaSizeIsLimitedExactlyAndWhateverThePortions() {
    let limits = XMLStreamLimits(stanzaBytes: 10_000)
    func stanza(_ bytes: Int) -> String {
      "<message><body>" + String(repeating: "x", count: bytes - 32) + "</body></message>"
    }
    #expect(stanza(100).utf8.count == 100)
    let fits = Array((header + "   " + stanza(10_000) + "\n" + stanza(10_000)).utf8)
    let exceeds = Array((header + " " + stanza(10_000) + " \n" + stanza(10_001)).utf8)
    for size in [1, 333, 4096, 1 << 20] {
      #expect(parse(portions(of: fits, size: size), limits: limits).elements.count == 2)
      let outcome = parse(portions(of: exceeds, size: size), limits: limits)
      #expect(outcome.elements.count == 1)
      #expect(outcome.condition == .policyViolation)
    }
  }

  @Test func stanzaThatNeverEndsIsRefusedOnTheWay() {
    let parser = XMLStreamParser()
    let portion = [UInt8](repeating: UInt8(ascii: "x"), count: 64 << 10)
    var fed = 0
    do {
      _ = try parser.feed(Array((header + "<message>").utf8)) { _ in .proceed }
      for _ in 0..<1000 { fed += try parser.feed(portion) { _ in .proceed } }
    } catch {
      #expect(error.condition == .policyViolation)
    }
    #expect(fed <= 1 << 20)
  }

  @Test func keepaliveDoesNotCountAsStanza() {
    let limits = XMLStreamLimits(stanzaBytes: 1000)
    let outcome = parse(
      header + String(repeating: " \n", count: 3000) + "<message/>" + String(repeating: " ", count: 3000) + "<iq/>",
      limits: limits)
    #expect(outcome.error == nil)
    #expect(outcome.elements.count == 2)
  }

  @Test func differentNamesAreLimitedPerStream() throws {
    let parser = XMLStreamParser()
    var condition: XMLStreamError.Condition?
    _ = try parser.feed(Array(header.utf8)) { _ in .proceed }
    for number in 0..<100_000 where condition == nil {
      do {
        _ = try parser.feed(Array("<n\(number) a\(number)=''/>".utf8)) { _ in .proceed }
      } catch {
        condition = error.condition
      }
    }
    #expect(condition == .policyViolation)
  }

  @Test func valuesAndTextsAreNoNames() throws {
    let parser = XMLStreamParser()
    _ = try parser.feed(Array(header.utf8)) { _ in .proceed }
    for number in 0..<50_000 {
      let text = "<message id='unique-\(number)'><body>text number \(number)</body></message>"
      _ = try parser.feed(Array(text.utf8)) { _ in .proceed }
    }
  }

  @Test func streamMayBeLong() throws {
    let parser = XMLStreamParser()
    let stanza = Array(
      ("<message><body>" + String(repeating: "x", count: 100_000) + "</body></message>").utf8)
    var count = 0
    _ = try parser.feed(Array(header.utf8)) { _ in .proceed }
    for _ in 0..<300 {
      _ = try parser.feed(stanza) { _ in
        count += 1
        return .proceed
      }
    }
    #expect(count == 300)
  }
}
