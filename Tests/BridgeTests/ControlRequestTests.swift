import Mapping
import Testing

@testable import Bridge

@Suite struct ControlRequestTests {
  @Test(arguments: [#"{"request":"status"}"#, #" { "request" : "status", "verbose": true } "#])
  func statusIsAskedFor(line: String) throws {
    #expect(try ControlRequest(line: Array(line.utf8)) == .status)
  }

  @Test(
    arguments: [
      ("", "the line is no JSON: at byte 0: the text ends too early"),
      ("status", "the line is no JSON: at byte 0: there should be a value"),
      ("[]", #"a request is an object with a string "request", such as {"request":"status"}"#),
      ("{}", #"a request is an object with a string "request", such as {"request":"status"}"#),
      (#"{"request":1}"#, #"a request is an object with a string "request", such as {"request":"status"}"#),
      (#"{"request":"frobnicate"}"#, "there is no such request; there is: status"),
    ])
  func otherLinesAreRefused(line: String, says: String) {
    #expect(throws: ControlRequest.Fault(description: says)) { try ControlRequest(line: Array(line.utf8)) }
  }

  @Test func aRefusalIsAnObjectWithAnError() throws {
    let fault = ControlRequest.Fault(description: "say \"please\"\n")
    #expect(try JSONValue(parsing: fault.json)["error"]?.string == "say \"please\"\n")
  }
}

@Suite struct ControlLinesTests {
  @Test func linesArePutTogether() throws {
    var lines = ControlLines()
    #expect(try lines.next() == nil)
    lines.append(Array("a".utf8))
    #expect(try lines.next() == nil)
    lines.append(Array("b\n\ncd\ne".utf8))
    var found: [String] = []
    while let line = try lines.next() { found.append(String(decoding: line, as: UTF8.self)) }
    #expect(found == ["ab", "", "cd"])
    lines.append(Array("\n".utf8))
    #expect(try lines.next() == Array("e".utf8))
  }

  @Test func aLineMayHave64KiB() throws {
    let longest = [UInt8](repeating: 0x78, count: 65_536)
    var lines = ControlLines()
    lines.append(longest)
    #expect(try lines.next() == nil)
    lines.append(Array("\n".utf8))
    #expect(try lines.next() == longest)

    lines.append(longest + [0x78])
    #expect(throws: ControlLines.TooLong.self) { try lines.next() }
    var whole = ControlLines()
    whole.append(longest + Array("x\n".utf8))
    #expect(throws: ControlLines.TooLong.self) { try whole.next() }
  }
}
