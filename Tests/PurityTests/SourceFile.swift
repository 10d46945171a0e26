import Foundation

/// A Swift file of the package.
struct SourceFile {
  /// Path from the package's root, such as `Sources/XMPP/SASL/SASLClient.swift`.
  let path: String
  /// The file as it is.
  let text: String
  /// What the compiler takes for code: without comments and without what stands in string literals; the lines stay.
  let code: String

  /// How many lines it has.
  var lineCount: Int { text.utf8.count { $0 == UInt8(ascii: "\n") } }

  private init(path: String, text: String) {
    self.path = path
    self.text = text
    code = Pattern.comment.replacingMatches(in: Pattern.literal.replacingMatches(in: text, with: "\"\""), with: "")
  }

  /// The modules it imports, with their line numbers.
  var imports: [(module: String, line: Int)] {
    Pattern.import.matches(in: code).map {
      (String($0.text.split { !($0.isLetter || $0.isNumber || $0 == "_") }.last ?? ""), $0.line)
    }
  }

  /// All Swift files below a folder of the package; this target's own files, which spell out what they forbid, are left out.
  static func all(below folder: String) -> [SourceFile] {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let top = root.appendingPathComponent(folder).resolvingSymlinksInPath().path
    let names = FileManager.default.enumerator(atPath: top)?.compactMap { $0 as? String } ?? []
    return names.sorted().compactMap { name in
      let path = "\(folder)/\(name)"
      guard name.hasSuffix(".swift"), !path.hasPrefix("Tests/PurityTests/"),
        let text = try? String(contentsOfFile: "\(top)/\(name)", encoding: .utf8)
      else { return nil }
      return SourceFile(path: path, text: text)
    }
  }
}

/// A regular expression searched line by line.
struct Pattern {
  /// A place where it was found.
  struct Match {
    let text: String
    /// From 1.
    let line: Int
  }

  static let literal = Pattern(#""(?:\\.|[^"\\\n])*""#)
  static let comment = Pattern(#"//.*$"#)
  static let `import` = Pattern(
    #"^[ \t]*(?:@\w+(?:\(\w+\))?[ \t]+)*(?:\w+[ \t]+)?import[ \t]+(?:(?:struct|class|enum|protocol|func|let|var)[ \t]+)?\w+"#
  )

  private let expression: NSRegularExpression?

  init(_ pattern: String) {
    expression = try? NSRegularExpression(pattern: pattern, options: .anchorsMatchLines)
  }

  /// False if the pattern is no regular expression.
  var isValid: Bool { expression != nil }

  func matches(in text: String) -> [Match] {
    let whole = text as NSString
    var (line, position) = (1, 0)
    return (expression?.matches(in: text, range: NSRange(location: 0, length: whole.length)) ?? []).map { match in
      let between = whole.substring(with: NSRange(location: position, length: match.range.location - position))
      line += between.utf8.count { $0 == UInt8(ascii: "\n") }
      position = match.range.location
      return Match(text: whole.substring(with: match.range), line: line)
    }
  }

  func replacingMatches(in text: String, with replacement: String) -> String {
    let range = NSRange(location: 0, length: (text as NSString).length)
    return expression?.stringByReplacingMatches(in: text, range: range, withTemplate: replacement) ?? text
  }
}
