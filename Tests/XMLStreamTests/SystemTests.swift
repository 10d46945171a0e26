import CLibXML2
import Foundation
import Testing
import XMLStream

/// That this file compiles is the test: libxml2's headers and Foundation must get along in one file, debug builds too.
@Suite struct SystemTests {
  @Test func headersGetAlongWithFoundation() {
    #expect(LIBXML_VERSION >= 20900)
    #expect(String(format: "%d", 1) == "1")
  }

  @Test func droppedParsersLeaveNothing() throws {
    // The address sanitizer looks for what is left; here it must just not crash, wherever the parser stopped.
    let text = Array((header + SplitTests.shapes.joined() + "<!-- -->").utf8)
    for end in 0...text.count {
      let parser = XMLStreamParser()
      _ = try? parser.feed(text[..<end]) { _ in .proceed }
    }
  }
}
