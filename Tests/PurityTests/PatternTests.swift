import Testing

/// What no file of some part of the package may contain.
struct PatternTests {
  /// A pattern, where it is forbidden, and why.
  struct Rule: Sendable, CustomTestStringConvertible {
    /// What a reader is told.
    let reason: String
    /// A regular expression.
    let pattern: String
    /// A line that it must find.
    let example: String
    /// Folders of the package where it holds.
    let folders: [String]
    /// Paths below them where it does not.
    var except: [String] = []
    /// Whether comments and string literals are searched, too.
    var everywhere = false

    var testDescription: String { reason }
  }

  private static let cores = ImportTests.cores.map { "Sources/\($0.name)" }

  static let rules = [
    Rule(
      reason: "a core reads no clock: `now:` and `wallClock` are parameters",
      pattern:
        #"\b(ContinuousClock|SuspendingClock|DispatchTime|DispatchWallTime|NIODeadline|clock_gettime|gettimeofday|mach_absolute_time)\b|\bDate\(|\btime\((nil|&)|\.now\b"#,
      example: "let now = ContinuousClock.now", folders: cores),
    Rule(
      reason: "a core makes no random numbers: nonces and ids are parameters",
      pattern:
        #"\.random\(|\.randomElement\(|\.shuffled\(|\.shuffle\(|\b(SystemRandomNumberGenerator|arc4random\w*|getrandom|getentropy|RAND_bytes|RAND_priv_bytes|UUID)\b"#,
      example: "let nonce = UInt64.random(in: 0...9)", folders: cores),
    Rule(
      reason: "a core starts no thread or task, waits for nothing and holds no lock",
      pattern:
        #"\bTask\b|\bThread\b|\bpthread_|\basync\b|\bawait\b|\bsleep\(|\b(Mutex|Atomic|DispatchQueue|NSLock)\b"#,
      example: "let state = Mutex(0)", folders: cores),
    Rule(
      reason: "a core does not trap on what a peer can influence",
      pattern: #"\bfatalError\(|\btry!|\bas!"#, example: "let jid = try! JID(text)", folders: cores),
    Rule(
      reason: "tasks are structured: only the executable starts one",
      pattern: #"\bTask\s*(<[^>]*>\s*)?(\(priority[^)]*\)\s*)?\{|\bTask\.detached\b|\bTask\s*\("#,
      example: "Task { await run() }", folders: ["Sources", "Tests"], except: ["Sources/xmpp-mqtt-bridge/"]),
    Rule(
      reason: "no DateFormatter, URL or Locale in the product: they are slow, large or depend on the machine",
      pattern: #"\b(DateFormatter|ISO8601DateFormatter|NSRegularExpression|Locale)\b|\bURL\("#,
      example: "let url = URL(string: text)", folders: ["Sources"]),
    Rule(
      reason: "what is begun is finished",
      pattern: #"\b(TODO|FIXME)\b|(?i:\bstub(s|bed)?\b)"#,
      example: "// TODO: later", folders: ["Sources", "Tests"], everywhere: true),
    Rule(
      reason: "no path of a machine on which this was written",
      pattern: #"/root/"#, example: "let file = \"/root/.swiftpm\"", folders: ["Sources", "Tests"],
      everywhere: true),
    Rule(
      reason: "a test awaits events; only the tools that do the waiting may let time pass",
      pattern: #"\bsleep\(|\busleep\(|Task\.sleep"#, example: "try await Task.sleep(for: .seconds(1))",
      folders: ["Tests"], except: ["Tests/TestSupport/"]),
    Rule(
      reason: "every test runs", pattern: #"\.disabled\(|\bwithKnownIssue\b"#, example: "@Test(.disabled(\"flaky\"))",
      folders: ["Tests"]),
  ]

  @Test("no file holds what a rule forbids", arguments: rules)
  func forbidden(rule: Rule) {
    let pattern = Pattern(rule.pattern)
    #expect(pattern.isValid)
    for file in rule.folders.flatMap(SourceFile.all) where !rule.except.contains(where: file.path.hasPrefix) {
      for match in pattern.matches(in: rule.everywhere ? file.text : file.code) {
        Issue.record("\(file.path):\(match.line): `\(match.text)`: \(rule.reason)")
      }
    }
  }

  @Test("each rule finds what it is there for", arguments: rules)
  func examples(rule: Rule) {
    #expect(!Pattern(rule.pattern).matches(in: "\n  \(rule.example)\n").isEmpty)
  }

  @Test("files stay short enough to read")
  func length() {
    for file in ["Sources", "Tests"].flatMap(SourceFile.all) where file.lineCount > 450 {
      Issue.record("\(file.path) has \(file.lineCount) lines; one type or XEP a file, 450 lines at most")
    }
  }
}
