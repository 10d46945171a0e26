import BridgeConfig
import Platform
import Testing

@testable import xmpp_mqtt_bridge

@Suite("status")
struct StatusInquiryTests {
  private static let fine = """
    [bridge]
    state = "/s/b.sqlite"
    [mqtt]
    url = "mqtt://127.0.0.1"
    [[account]]
    name = "home"
    jid = "bot@localhost"
    password = "x"

    """

  private func load(_ text: String) -> LoadedConfiguration {
    ConfigurationLoader.load(
      Array(text.utf8), file: "b.conf",
      environment: ConfigurationEnvironment(
        variable: { _ in nil }, file: { _ throws(SystemError) in throw SystemError(call: "open", code: 2) }))
  }

  private func answered(_ answer: String, json: Bool = false) -> StatusInquiry {
    StatusInquiry(load(Self.fine), asJSON: json) { _, _ throws(ControlFailure) in Array(answer.utf8) }
  }

  private func failed(_ failure: ControlFailure, _ configuration: String = fine) -> StatusInquiry {
    StatusInquiry(load(configuration), asJSON: false) { _, _ throws(ControlFailure) in throw failure }
  }

  @Test("asks at the socket beside the state file")
  func question() {
    let asked = Lock<[String]>([])
    let inquiry = StatusInquiry(load(Self.fine), asJSON: true) { path, request throws(ControlFailure) in
      asked.withLock { $0 = [path, request] }
      return Array("{}".utf8)
    }
    #expect(asked.withLock { $0 } == ["/s/b.sqlite.sock", #"{"request":"status"}"#])
    #expect(inquiry.status == .fine && inquiry.faults.isEmpty)
  }

  @Test("prints what the bridge answers")
  func answer() {
    let answer = #"{"version":"9","new":[1,{"a":"é"}]}"#
    let json = answered(answer, json: true)
    #expect(json.output == answer + "\n")
    let table = answered(answer)
    #expect(table.output.contains("BRIDGE") && table.output.contains("ACCOUNT"))
    #expect([json.status, table.status] == [.fine, .fine])
  }

  @Test(
    "says why there is no answer, and ends accordingly",
    arguments: [
      (
        ControlFailure.noBridge(path: "/s/b.sqlite.sock"), "no bridge is running: nobody listens at /s/b.sqlite.sock",
        69
      ),
      (.unreachable(path: "/s", SystemError(call: "connect", code: 13)), "asked at /s: connect: Permission denied", 69),
      (
        .unreachable(path: "/s", SystemError(call: "connect", code: 36)),
        "has 2 bytes, and that of a socket may have 107", 69
      ),
      (.silent(.seconds(10)), "the bridge has not answered for 10 s", 69),
      (.hungUp, "the bridge closed the connection without an answer", 69),
    ])
  func failures(failure: ControlFailure, says: String, code: Int32) {
    let inquiry = failed(failure)
    #expect(inquiry.faults.count == 1 && inquiry.faults[0].contains(says), "\(inquiry.faults)")
    #expect(inquiry.output.isEmpty && inquiry.status.rawValue == code)
  }

  @Test("ends with 1 if the bridge answers something else")
  func strangeAnswers() {
    let refused = answered(#"{"error":"there is no such request"}"#, json: true)
    #expect(refused.faults == ["the bridge refuses: there is no such request"])
    #expect(refused.status == .failed && refused.output.isEmpty)
    let unreadable = answered("<html>")
    #expect(unreadable.status == .failed && unreadable.faults[0].contains("cannot be read"))
  }

  /// The configuration of the bridge that runs may have been another, and its secrets are its own.
  @Test("tells a fault of the file only if no bridge answers")
  func faults() {
    let faulty = Self.fine.replacing("password = \"x\"", with: "password_file = \"none\"")
    let answered = StatusInquiry(load(faulty), asJSON: true) { path, _ throws(ControlFailure) in
      guard path == "/s/b.sqlite.sock" else { throw .noBridge(path: path) }
      return Array("{}".utf8)
    }
    #expect(answered.status == .fine && answered.faults.isEmpty)
    let alone = failed(.noBridge(path: "/s/b.sqlite.sock"), faulty)
    #expect(alone.status == .badConfiguration)
    #expect(alone.faults.count == 1 && alone.faults[0].hasPrefix("b.conf:8:17: "), "\(alone.faults)")
    #expect(failed(.silent(.seconds(1)), faulty).status == .unavailable)
  }

  @Test("asks nobody if the file is no TOML")
  func noTOML() {
    let inquiry = StatusInquiry(load("[mqtt"), asJSON: false) { _, _ throws(ControlFailure) in
      Issue.record("asked")
      throw .hungUp
    }
    #expect(inquiry.status == .badConfiguration && inquiry.faults.count == 1)
  }
}
