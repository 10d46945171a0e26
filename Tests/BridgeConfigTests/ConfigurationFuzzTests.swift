import BridgeConfig
import TestSupport
import Testing

@Suite("Files that went wrong at random")
struct ConfigurationFuzzTests {
  static let good = """
    # comment
    [bridge]
    name = "b-1"
    topic_prefix = 'site/xmpp'
    log_level = \"\"\"trace\"\"\"
    [mqtt]
    url = "mqtts://[::1]:8883/"
    keepalive = "2m"
    [delivery]
    hold_messages = 0x10
    journal_max_bytes = "64KiB"
    [[account]]
    name = "home"
    jid = "bot@example.org/haus é"
    password = "p\\u0041\\\\ w"
    trust = { ca_file = "ca.pem", pin_sha256 = [
      "\(String(repeating: "0a", count: 32))", # one
    ] }
    allow = ["roster", "alice@example.org", 'example.com']
    [account.presence]
    show = "chat"
    [[account]]
    name = "work"
    jid = "bot@localhost"
    password_env = "SET"
    tls = "none"

    """

  @Test("the good file is good")
  func goodFile() {
    #expect(Sample.load(Self.good).diagnostics.map(\.severity) == [.warning])
    #expect(Sample.load(Self.good).configuration?.accounts.count == 2)
  }

  @Test(
    "no change of bytes ends the process, and every fault has a place in the file", arguments: 0..<16 as Range<UInt64>)
  func mutations(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let interesting = Array("[]{}\"'\\=.,#\n\r\t \u{0}09azAZ_-+é".utf8) + [0x80, 0xC3, 0xFF]
    let good = Array(Self.good.utf8)
    for _ in 0..<100 {
      var bytes = good
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let index = Int.random(in: 0..<bytes.count, using: &random)
        let byte = interesting[Int.random(in: 0..<interesting.count, using: &random)]
        switch Int.random(in: 0..<5, using: &random) {
        case 0: bytes[index] = byte
        case 1: bytes.insert(byte, at: index)
        case 2: bytes.remove(at: index)
        case 3: bytes.removeSubrange(index..<min(bytes.count, index + Int.random(in: 1...20, using: &random)))
        default:
          let end = min(bytes.count, index + Int.random(in: 1...40, using: &random))
          bytes.insert(contentsOf: bytes[index..<end], at: Int.random(in: 0..<bytes.count, using: &random))
        }
      }
      let loaded = ConfigurationLoader.load(bytes, file: "b", environment: Sample.environment())
      let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      #expect((loaded.configuration == nil) == loaded.diagnostics.contains { $0.severity == .error })
      for diagnostic in loaded.diagnostics {
        #expect((1...lines.count).contains(diagnostic.line), "\(diagnostic)")
        guard (1...lines.count).contains(diagnostic.line) else { continue }
        #expect((1...lines[diagnostic.line - 1].count + 1).contains(diagnostic.column), "\(diagnostic)")
        #expect(!diagnostic.message.contains("\n"))
      }
    }
  }
}
