import XMLStream

extension Operation {
  /// Reading a server's stream: the first thing that is done with every byte from it.
  static let xml = [
    Operation("xml.parse", repetitions: 2_000, bytes: Sample.chat.utf8.count) {
      try parsing(Sample.chat)
    },
    // With a body of 64 KiB: what a byte of text costs.
    Operation("xml.parse.64KiB", repetitions: 50, bytes: longChat.utf8.count) {
      try parsing(longChat)
    },
  ]

  private static let longChat = Sample.chat(body: String(repeating: "0123456789abcdef", count: 4_096))

  /// One stanza a repetition, all in one stream.
  private static func parsing(_ stanza: String) throws -> Work {
    let stanza = Array(stanza.utf8)
    let parser = XMLStreamParser()
    _ = try parser.feed(Array(Sample.header.utf8)) { _ in .proceed }
    return { repetitions in
      var elements = 0
      for _ in 0..<repetitions {
        _ = try parser.feed(stanza) { event in
          if case .element = event { elements += 1 }
          return .proceed
        }
      }
      return elements
    }
  }
}
