/// A piece of the user's text inside a message: in quotes, on one line, and not longer than a line.
struct Quoted: CustomStringConvertible {
  private let text: String
  private static let limit = 60

  init(_ text: some StringProtocol) {
    var shown = ""
    for scalar in text.unicodeScalars.prefix(Self.limit) {
      shown += scalar.properties.generalCategory == .control ? scalar.escaped(asASCII: true) : String(scalar)
    }
    self.text = shown + (text.unicodeScalars.count > Self.limit ? "…" : "")
  }

  var description: String { "“\(text)”" }
}
